import type { ClickHouse } from '../clickhouse/client.js';
import { oneRow } from '../clickhouse/client.js';
import { warning } from './problems.js';
import type { Problem } from './project.js';

/** Milliseconds by which two clocks may differ: the ledger orders records by the time, and credentials are signed with it. */
const CLOCK_SKEW = 2_000;

/**
 * Warns if a service's clock differs from this machine's. A service reads its clock at some moment of the request, so that a slow answer
 * is no difference.
 *
 * @param ask asks for the time in milliseconds since 1970; undefined if the service does not send it
 */
export async function clockProblems(service: string, ask: () => Promise<number | undefined>): Promise<Problem[]> {
  const before = Date.now();
  const time = await ask();
  const after = Date.now();
  if (time === undefined || Number.isNaN(time)) return [];
  const skew = time > after ? time - after : Math.min(0, time - before);
  return Math.abs(skew) < CLOCK_SKEW
    ? []
    : [
        warning(
          service,
          `its clock is ${Math.round(Math.abs(skew) / 1000)} seconds ${skew > 0 ? 'ahead of' : 'behind'} the clock of this machine`,
          'Synchronize both clocks (NTP): records are ordered, and requests to the store are signed, with the time.',
        ),
      ];
}

/** Asks ClickHouse for its time, in milliseconds since 1970. */
export async function engineTime(clickhouse: Pick<ClickHouse, 'rows'>): Promise<number> {
  const statement = { sql: 'SELECT toUnixTimestamp64Milli(now64(3)) AS now' };
  const { now } = await oneRow<{ now: string }>(clickhouse, statement, { what: 'ask for the time' });
  return Number(now);
}
