import { readStatements } from '../../src/clickhouse/sql-file.js';
import type { Statement } from '../../src/clickhouse/statement.js';

const HELD = readStatements(new URL('statements.sql', import.meta.url), ['tablesHeld', 'stagesHeld']);

/** Selects the tables of a database: seconds since they were made or altered, and bytes of their parts (shared parts count each time). */
export const tablesHeld = (database: string): Statement => ({
  sql: HELD.tablesHeld,
  params: { database },
});

/** Selects databases by prefix, with seconds since the newest of their tables was made; a very large number for an empty one. */
export const stagesHeld = (prefix: string): Statement => ({
  sql: HELD.stagesHeld,
  params: { prefix },
});
