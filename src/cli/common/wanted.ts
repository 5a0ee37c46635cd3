import type { App } from '../../app.js';
import { final, isFinal } from '../../errors.js';
import { assertWanted } from '../../project/wanted.js';
import type { Day } from '../../shared/day.js';

/**
 * Rejects days that should not exist, before a command reads or records anything for them.
 *
 * @throws a final BadInput that names the valid range
 */
export function assertDays({ project }: Pick<App, 'project'>, ...days: readonly (Day | undefined)[]): void {
  const now = new Date();
  for (const day of days) if (day !== undefined) assertWanted(project.config, day, now);
}

/**
 * Rejects, before anything is started, what a worker would reject: days that should not exist, and a ledger that is missing or belongs
 * to another project. A ledger that does not answer is no reason: the workflow retries.
 *
 * @throws a final BadInput, NotApplied, LedgerTooNew or OtherProject
 */
export async function assertRunnable(app: App, ...days: readonly Day[]): Promise<void> {
  assertDays(app, ...days);
  await app.ledger.assertReadable(app.project.config).catch((error: unknown) => {
    if (isFinal(error)) throw error;
  });
}

/**
 * Rejects a range of which one end is a default that lies before or behind the other.
 *
 * @throws a final BadInput
 */
export function assertRange(first: Day, last: Day): void {
  if (first > last)
    throw final(
      'BadInput',
      `The range ${first} to ${last} holds no day. Without --end it ends with yesterday: give both --start and --end.`,
    );
}
