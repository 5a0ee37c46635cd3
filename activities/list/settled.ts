import type { BuildRecord } from '../../src/ledger/records.js';

const UNSETTLED = new Set(['failed', 'cancelled', 'planned']);

/** True where the last build of a day ended well, or there is none: a run with nothing to do then records nothing. */
export const isSettled = (last: Pick<BuildRecord, 'event'> | undefined): boolean =>
  last === undefined || !UNSETTLED.has(last.event);
