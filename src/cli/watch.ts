import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure } from '@temporalio/common';
import type { DayProgress, DayResult, StepTold } from '../core/messages.js';
import { duration } from '../core/words.js';
import { messageOf } from '../errors.js';

/** Between two looks at a running day, in milliseconds. */
const LOOK = 250;
/** How long the last look may take, in milliseconds. */
const LAST_LOOK = 2_000;
/** How long nobody may answer for a running day until that is said, in milliseconds: the steps answer while they run. */
const SILENCE = 15_000;

/** How a day ended, for people and programs. */
export type DayEnd =
  | { ok: true; result: DayResult }
  | { ok: false; day: string; outcome: 'failed' | 'cancelled'; step: string; message: string };

/** Awaits the end of a day; anything but its success, failure or cancellation is thrown. */
export async function endOf(handle: WorkflowHandle, day: string): Promise<DayEnd> {
  try {
    return { ok: true, result: (await handle.result()) as DayResult };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { cause } = error;
    if (cause instanceof CancelledFailure || cause instanceof TerminatedFailure)
      return {
        ok: false,
        day,
        outcome: 'cancelled',
        step: '',
        message: `Day ${day} was ${cause instanceof CancelledFailure ? 'cancelled' : 'terminated'}. Start it again: npx daybook run --day ${day}`,
      };
    return {
      ok: false,
      day,
      outcome: 'failed',
      step:
        cause instanceof ApplicationFailure ? ((cause.details?.[0] as { step?: string } | undefined)?.step ?? '') : '',
      message: cause instanceof ApplicationFailure ? cause.message : messageOf(cause ?? error),
    };
  }
}

/** What has been told so far; while no worker answers, nothing new. */
async function told(handle: WorkflowHandle): Promise<DayProgress | undefined> {
  try {
    return await handle.query<DayProgress>('progress');
  } catch {
    return undefined;
  }
}

/** A step that was told, on one line. */
export const line = ({ step, what, ms }: StepTold) => `${step.padEnd(10)}${what}${ms > 0 ? `  (${duration(ms)})` : ''}`;

/** What a watcher is told of a running day. */
export interface Watcher {
  see(progress: DayProgress): void;
  /** No worker has answered for a while. Called once, until one answers again. */
  silence(): void;
}

/** Shows each new state to the watcher until the day has ended, and once more all that was told. */
export async function watch(handle: WorkflowHandle, end: Promise<unknown>, watcher: Watcher): Promise<void> {
  const ended = end.then(() => true).catch(() => true);
  let heard = Date.now();
  while (!(await Promise.race([ended, sleep(LOOK, false)]))) {
    const progress = await Promise.race([told(handle), ended.then(() => undefined)]);
    if (progress) {
      heard = Date.now();
      watcher.see(progress);
    } else if (Date.now() - heard > SILENCE) {
      heard = Number.POSITIVE_INFINITY;
      watcher.silence();
    }
  }
  // Only a worker can answer, and none may be left.
  const last = await Promise.race([told(handle), sleep(LAST_LOOK, undefined, { ref: false })]);
  if (last) watcher.see(last);
}
