import { final } from '../../src/errors.js';
import type { BuildRef } from '../../src/shared/build.js';
import { command } from '../../src/shared/commands.js';
import { archiveDatabase } from '../../src/shared/names.js';
import { sentence } from '../../src/shared/sentence.js';
import { assertArchived } from '../../src/stage/swaps.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Answer, Step } from '../../src/step/step.js';

export interface PlanRollbackInput {
  day: string;
}

/** The publish to roll back, pinned in the history so that a retry never rolls back another one. */
export interface PlanRollbackResult {
  /** The rollback's own generation: builds that were planned before it can no longer publish. */
  build: BuildRef;
  undoes: number;
  tables: string[];
  ms: number;
}

/**
 * Picks the publish that a rollback undoes: the newest one of the day, with all tables that it changed. The rollback gets its own
 * generation, so that a build that was planned before it can no longer publish.
 */
export async function planRollback(
  deps: Dependencies,
  { day }: PlanRollbackInput,
  step: Step,
): Answer<PlanRollbackResult> {
  const published = await deps.ledger.currentPublishes(day, day);
  const undoes = Math.max(0, ...published.map(({ generation }) => generation));
  const records = published.filter(({ generation }) => generation === undoes);
  if (records.length === 0)
    throw final(
      'NothingPublished',
      sentence(
        `Nothing of ${day} is published, so there is no publish to roll back. Show its state: `,
        command.statusOf(day),
      ),
      { details: { step: 'rollback' } },
    );
  await assertArchived(deps, { day, archive: archiveDatabase(deps.ledger.project) }, records);
  const generation = (await deps.ledger.lastGeneration(day)) + 1;
  await deps.ledger.recordBuild({
    day,
    generation,
    event: 'planned',
    step: 'rollback',
    reason: `rollback of generation ${undoes}`,
    run: step.attempt,
    plan: '',
    engine: await deps.clickhouse.version(),
  });
  return { build: { day, generation, plan: '' }, undoes, tables: records.map(({ table }) => table) };
}
