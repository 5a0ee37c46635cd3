import type { App } from '../../app.js';
import { tablesLike } from '../../clickhouse/tables.js';
import { final, isFinal } from '../../errors.js';
import { assertWanted } from '../../project/wanted.js';
import { command } from '../../shared/commands.js';
import type { Day } from '../../shared/day.js';
import { absentTables } from '../../shared/notes.js';
import { sentence } from '../../shared/sentence.js';

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
 * Rejects, before anything is started, what a worker would reject: days that should not exist, a ledger that is missing or belongs to
 * another project, and tables that were never created. A ClickHouse that does not answer is no reason: the workflow retries.
 *
 * @throws a final BadInput, NotApplied, LedgerTooNew or OtherProject
 */
export async function assertRunnable(app: App, ...days: readonly Day[]): Promise<void> {
  assertDays(app, ...days);
  try {
    await app.ledger.assertReadable(app.project.config);
    await assertTables(app);
  } catch (error) {
    if (isFinal(error)) throw error;
  }
}

/**
 * Rejects a project whose tables were never created. Whether existing ones fit their files is a longer question, which a run asks.
 *
 * @throws a final NotApplied
 */
export async function assertTables({ clickhouse, project: { config, normalized, aggregates } }: App): Promise<void> {
  const { database } = config;
  const found = await clickhouse.rows<{ name: string }>(tablesLike(database));
  const existing = new Set(found.map(({ name }) => name));
  const missing = [...normalized, ...aggregates].filter(({ name }) => !existing.has(name));
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name);
  throw final('NotApplied', sentence(`${absentTables(database, names)} Run: `, command.apply()));
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
