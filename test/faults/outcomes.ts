import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import { plain } from '../../src/shared/sentence.js';
import type { BackfillResult, DayResult } from '../../src/shared/workflows.js';

/** A day that has not ended after this long is lost, in milliseconds. */
const LONGEST_DAY = 180_000;
/** What meets the trouble. */
export interface Run {
  /** Starts it, or starts it again. */
  start(): Promise<WorkflowHandle[]>;
  /** How it ends where all goes well. */
  outcome: 'published' | 'rolled-back';
  /** Repeating it once it is done must change nothing. */
  repeats: boolean;
}

type Result = DayResult | BackfillResult;

export const CANCELLED = 'the run was cancelled';

/** How a run ended, or in words why not. The connection may go with the server; the run does not. */
export async function resultOf(handle: WorkflowHandle): Promise<Result | string> {
  const until = Date.now() + LONGEST_DAY;
  while (Date.now() < until)
    try {
      return (await Promise.race([handle.result(), tooLate(until)])) as Result;
    } catch (error) {
      if (error instanceof WorkflowFailedError && error.cause instanceof CancelledFailure) return CANCELLED;
      if (error instanceof WorkflowFailedError) return `the day failed: ${error.cause?.message ?? error.message}`;
      await sleep(100);
    }
  await handle.terminate('the ring waits no longer');
  return `the day did not end within ${LONGEST_DAY / 1000} s`;
}

async function tooLate(until: number): Promise<never> {
  await sleep(until - Date.now(), undefined, { ref: false });
  throw new Error('too late');
}

/** What is wrong with how a run ended, where anything is. */
export function unlike({ outcome }: Run, result: Result | string): string[] {
  if (typeof result === 'string') return [result];
  if ('failed' in result && result.failed.length > 0)
    return result.failed.map(({ day, reason }) => `${day}: ${plain(reason)}`);
  return 'failed' in result || result.outcome === outcome ? [] : [`ended ${result.outcome}`];
}

/** Starts a run again and waits for its end; returns what is wrong with that. */
export async function runOnce(run: Run): Promise<string[]> {
  const results = await Promise.all((await run.start()).map(resultOf));
  return results.flatMap((result) => unlike(run, result));
}
