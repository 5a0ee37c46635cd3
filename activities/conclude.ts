import type { Dependencies } from '../src/build/dependencies.js';
import type { Step } from '../src/build/step.js';
import type { ConcludeInput } from '../src/core/messages.js';

/** Writes how a build ended into the ledger, which remembers longer than Temporal does. */
export async function conclude(
  deps: Dependencies,
  { day, build, outcome, step: at, reason }: ConcludeInput,
  step: Step,
): Promise<object> {
  const generation = build?.generation ?? (await deps.ledger.lastGeneration(day));
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
