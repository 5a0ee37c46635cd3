import type { BuildRef } from '../../src/shared/build.js';
import type { Command } from '../../src/shared/commands.js';
import type { Outcome } from '../../src/shared/workflows.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Step } from '../../src/step/step.js';

/** The end of a build, as the ledger records it and `daybook status` shows it. */
export interface ConcludeInput {
  day: string;
  build: BuildRef | null;
  outcome: Outcome;
  step: string;
  reason: string;
  /** What a person runs next. */
  next?: Command[];
}

/** Records in the ledger how a build ended; the ledger keeps it longer than Temporal does. */
export async function conclude(
  deps: Dependencies,
  { day, build, outcome, step: at, reason, next = [] }: ConcludeInput,
  step: Step,
): Promise<object> {
  const generation = build?.generation ?? (await deps.ledger.lastGeneration(day));
  await deps.ledger.recordNext(day, generation, next);
  await deps.ledger.recordBuild({
    day,
    generation,
    event: outcome,
    step: at,
    reason,
    run: step.attempt,
    plan: build?.plan ?? '',
    engine: await deps.clickhouse.version(),
  });
  return {};
}
