import type { ClickHouse } from './client.js';
import { name } from './text.js';

/** The right to remove rejected lines, the only records of the ledger that are ever removed. */
export const REMOVE_REJECTS = 'ALTER DELETE ON daybook.rejected_rows';

/** Returns the statement by which an administrator gives a right to Daybook's user; undefined if the user has it. */
export async function missingGrant(
  clickhouse: Pick<ClickHouse, 'granted' | 'rows'>,
  right: string,
): Promise<string | undefined> {
  if (await clickhouse.granted(right)) return undefined;
  const [row] = await clickhouse.rows<{ user: string }>({ sql: 'SELECT currentUser() AS user' });
  return `GRANT ${right} TO ${name(row?.user ?? 'daybook')}`;
}
