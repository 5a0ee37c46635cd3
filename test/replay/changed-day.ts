import { sleep } from '@temporalio/workflow';
import type { DayInput, DayResult } from '../../src/shared/workflows.js';
import { day as unchanged } from '../../workflows/day/index.js';

/** The day as a careless edit would leave it: running days would have to have slept where they asked. */
export async function day(input: DayInput): Promise<DayResult> {
  await sleep(1);
  return await unchanged(input);
}
