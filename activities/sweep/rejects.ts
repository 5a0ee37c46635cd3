import { missingGrant, REMOVE_REJECTS } from '../../src/clickhouse/catalog.js';
import { isFinal } from '../../src/errors.js';
import { openLedgerReport } from '../../src/ledger/report/index.js';
import { readPlan } from '../../src/plan/stored.js';
import { addDays } from '../../src/shared/day.js';
import { plural } from '../../src/shared/format.js';
import { grouped } from '../../src/shared/grouped.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Step } from '../../src/step/step.js';
import { removeRejects, replacedRejects, type ChunkOfSource } from './statements.js';

/** Chunks of one statement, which rewrites the rejects of all of them. */
const AT_ONCE = 1_000;

/**
 * Removes rejects from the ledger that belong to replaced chunks: those that were processed again, or normalized with another SELECT.
 * They are kept as long as normalized chunks are, and while the newest build of a day, or its newest successful one, uses them.
 *
 * @returns what a person has to do before they can be removed: users of earlier versions lack the grant.
 */
export async function sweepRejects(deps: Dependencies, step: Step): Promise<string[]> {
  const { config } = await deps.loadProject();
  const before = Date.now() - config.store.keepNormalized;
  const replaced = await deps.clickhouse.rows<ChunkOfSource>(replacedRejects(config.project, before));
  const used = await chunksInUse(deps, replaced);
  const gone = replaced.map(rejectsChunk).filter((name) => !used.has(name));
  if (gone.length === 0) return [];
  const grant = await missingGrant(deps.clickhouse, REMOVE_REJECTS);
  if (grant !== undefined)
    return [
      `rejects of ${plural(gone.length, 'replaced chunk')} stay in daybook.rejected_rows: Daybook's user may not remove them. As an administrator, run in ClickHouse: ${grant}`,
    ];
  for (const names of grouped(gone, AT_ONCE))
    await deps.clickhouse.run(
      removeRejects(config.project, names),
      step.statement('remove rejects of replaced chunks'),
    );
  return [];
}

/** Names the chunks that days around the folders of `replaced` use. A plan that can't be read keeps every chunk of its day. */
async function chunksInUse(deps: Dependencies, replaced: readonly ChunkOfSource[]): Promise<Set<string>> {
  const { config } = await deps.loadProject();
  const reach = Math.max(...Object.values(config.sources).flatMap(({ arrival }) => [arrival.before, arrival.after]), 0);
  const report = openLedgerReport(deps.clickhouse, config.project);
  const used = new Set<string>();
  for (const folder of new Set(replaced.map((chunk) => chunk.folder))) {
    const plans = await report.plans(addDays(folder, -reach), addDays(folder, reach));
    for (const [day, { newest, whole }] of plans)
      for (const build of [newest, whole]) {
        if (!build) continue;
        const plan = await readPlan(deps, { day, ...build }).catch(noPlan);
        if (!plan) for (const chunk of replaced) if (chunk.folder === folder) used.add(rejectsChunk(chunk));
        for (const { name: source, normalizer, chunks } of plan?.sources ?? [])
          for (const chunk of chunks)
            used.add(rejectsChunk({ source, normalizer, folder: chunk.folder, id: chunk.id }));
      }
  }
  return used;
}

function noPlan(thrown: unknown): undefined {
  if (!isFinal(thrown)) throw thrown;
}

const rejectsChunk = ({ source, folder, id, normalizer }: ChunkOfSource) => `${source}/${folder}/${id}/${normalizer}`;
