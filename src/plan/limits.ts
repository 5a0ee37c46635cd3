import { exceedsItsMemory } from '../clickhouse/errors.js';
import { final } from '../errors.js';
import { sizeText } from '../shared/format.js';
import type { Step } from '../step/step.js';
import type { Plan } from './plan.js';

/** Share of a statement's memory above which sorting and grouping spill to disk. */
const SPILL_SHARE = 0.5;

/** Returns the settings that keep one statement within the project's limits. */
export const limitsOf = ({ limits }: Pick<Plan, 'limits'>): Record<string, number> => ({
  ...(limits.threads > 0 ? { max_threads: limits.threads } : {}),
  max_memory_usage: limits.memory,
  max_bytes_before_external_sort: Math.floor(limits.memory * SPILL_SHARE),
  max_bytes_before_external_group_by: Math.floor(limits.memory * SPILL_SHARE),
});

/** Shares of a statement's memory: of a group of rows that waits to be written, and of a block of rows that is read at once. */
const [GROUP_SHARE, BLOCK_SHARE] = [1 / 16, 1 / 64];

/** Returns {@link limitsOf} for a statement that has to do with as little memory as the engine can; it takes longer. */
export function frugalLimitsOf(plan: Pick<Plan, 'limits'>): Record<string, number> {
  const share = (part: number) => Math.floor(plan.limits.memory * part);
  return {
    ...limitsOf(plan),
    max_threads: 1,
    max_insert_threads: 1,
    input_format_max_block_size_bytes: share(BLOCK_SHARE),
    input_format_parquet_prefer_block_bytes: share(BLOCK_SHARE),
    output_format_parquet_row_group_size_bytes: share(GROUP_SHARE),
  };
}

/** Settings of a statement, and whether they spare memory. */
export interface Limits {
  settings: Record<string, number>;
  frugal: boolean;
}

/**
 * Runs statements within the project's limits; where these do not suffice, all of them again with as little memory as ClickHouse can.
 * Both attempts have to begin with nothing: a statement that fails may have inserted a part of its rows.
 *
 * @param what for people, such as `refresh daily_sales of 2026-11-05`
 * @param way what else than the limit the user can change, as a clause: `or …`
 * @throws a final `LimitReached` if less memory is not possible: a retry would need as much
 */
export async function withinLimits<Result>(
  plan: Pick<Plan, 'limits'>,
  step: Step,
  { what, way, details }: { what: string; way?: string; details: Record<string, string> },
  run: (limits: Limits) => Promise<Result>,
): Promise<Result> {
  try {
    return await run({ settings: limitsOf(plan), frugal: false });
  } catch (thrown) {
    if (!exceedsItsMemory(thrown)) throw thrown;
    step.report(`${what} again with less memory`);
  }
  try {
    return await run({ settings: frugalLimitsOf(plan), frugal: true });
  } catch (thrown) {
    if (!exceedsItsMemory(thrown)) throw thrown;
    const size = sizeText(plan.limits.memory);
    throw final(
      'LimitReached',
      `${what} needs more than limits.memory (${size}), even on one thread. Raise it in the config${way === undefined ? '' : `, ${way}`}.`,
      { details },
    );
  }
}
