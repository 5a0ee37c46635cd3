import prettyBytes from 'pretty-bytes';
import { fingerprintOf } from '../src/core/fingerprints.js';
import { SIZES_SHOWN, type ListInput, type ListResult } from '../src/core/messages.js';
import { planKey } from '../src/core/names.js';
import type { PublishRecord } from '../src/io/ledger.js';
import { assertApplied } from '../src/project/apply.js';
import type { Dependencies } from './dependencies.js';
import { bytesOf, planDay } from './planning.js';
import type { Step } from './step.js';

/**
 * Step 2. Reads the project's folder once, lists the folders that may hold rows of the day, covers every listed object by exactly
 * one chunk, and freezes all of it in one plan object. Where nothing changed since the day was published, the day ends here.
 */
export async function list(deps: Dependencies, { day, force }: ListInput, step: Step): Promise<Omit<ListResult, 'ms'>> {
  const project = await deps.loadProject();
  const schema = await deps.readSchema(project);
  await assertApplied(schema, deps.clickhouse, project.config.database);

  const { outcome, plan, listings, verdict, published } = await planDay(
    deps,
    { project, schema, day, force },
    step.signal,
  );
  const { generation } = plan;
  const text = JSON.stringify(plan);
  const key = planKey(plan.normalized.prefix, plan.project, day, generation, fingerprintOf(plan));
  if (outcome === 'build') {
    await deps.store.write(plan.normalized.bucket, key, text);
    await deps.ledger.recordBuild({
      day,
      generation,
      event: 'planned',
      step: '',
      reason: verdict.reasons.join('; '),
      run: step.attempt,
      plan: key,
      engine: await deps.clickhouse.version(),
    });
  } else await forgive(deps, day, outcome, step);

  const chunks = plan.sources.flatMap((source) => source.chunks);
  const todo = chunks.filter(({ recorded }) => !recorded);
  const objects = chunks.flatMap((chunk) => chunk.objects);
  step.tell(`${objects.length} objects, ${prettyBytes(bytesOf(chunks), { binary: true })}`);
  return {
    outcome,
    build: outcome === 'build' ? { day, generation, plan: key } : { day, generation: newest(published), plan: '' },
    objects: objects.length,
    bytes: bytesOf(chunks),
    chunks: chunks.length,
    todo: outcome === 'build' ? todo.length : 0,
    sizes: outcome === 'build' ? todo.slice(0, SIZES_SHOWN).map((chunk) => bytesOf([chunk])) : [],
    tables: plan.tables.map(({ name, kind, inputs, level, lookback }) => ({ name, kind, inputs, level, lookback })),
    tests: plan.tests.length + plan.tables.filter(({ unique }) => unique.length > 0).length,
    reasons: force && verdict.reasons.length === 0 ? ['forced'] : verdict.reasons,
    notes: [...listings.flatMap(({ notes }) => notes), ...verdict.notes],
  };
}

/** A build that failed or was cut off is no longer how the day stands, once a look finds nothing to do. */
async function forgive(deps: Dependencies, day: string, outcome: 'unchanged' | 'skipped', step: Step): Promise<void> {
  const [last] = await deps.ledger.latestBuilds(day, day);
  if (last?.event !== 'failed' && last?.event !== 'cancelled' && last?.event !== 'planned') return;
  await deps.ledger.recordBuild({
    day,
    generation: last.generation,
    event: outcome,
    step: '',
    reason: '',
    run: step.attempt,
    plan: '',
    engine: await deps.clickhouse.version(),
  });
}

const newest = (published: ReadonlyMap<string, PublishRecord>) =>
  Math.max(0, ...[...published.values()].map(({ generation }) => generation));
