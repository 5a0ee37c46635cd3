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
