import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { command, type Command } from '../../shared/commands.js';
import { duration } from '../../shared/format.js';
import { sentence, type Text } from '../../shared/sentence.js';
import type { DayProgress, DayResult, StepTold } from '../../shared/workflows.js';
import { endOf } from '../../temporal/client.js';

/** Between two looks at a running day, in milliseconds. */
const LOOK = 250;
/** How long the last look may take, in milliseconds. */
const LAST_LOOK = 2_000;
/** How long nobody may answer for a running day until that is said, in milliseconds: the steps answer while they run. */
const SILENCE = 15_000;

/** How a day ended, for people and programs. */
export type DayEnd =
  | { ok: true; result: DayResult }
  | { ok: false; day: string; outcome: 'failed' | 'cancelled'; step: string; message: Text };

/** {@link endOf} a day, with the step that failed and what to type next. */
export async function endOfDay(
  handle: WorkflowHandle,
  day: string,
  again: Command = command.run(day),
): Promise<DayEnd> {
  const end = await endOf<DayResult>(handle);
  if (end.ok) return end;
  const { outcome, cause } = end;
  if (outcome === 'failed') return { ok: false, day, outcome, step: stepOf(cause), message: end.message };
  const how = cause instanceof CancelledFailure ? 'cancelled' : 'terminated';
  return {
    ok: false,
    day,
    outcome,
    step: '',
    message: sentence(`Day ${day} was ${how}. Start it again: `, again),
  };
}

const stepOf = (cause: Error | undefined): string =>
  cause instanceof ApplicationFailure ? ((cause.details?.[0] as { step?: string } | undefined)?.step ?? '') : '';

/** What has been told so far; while no worker answers, nothing new. */
async function told<Progress>(handle: WorkflowHandle): Promise<Progress | undefined> {
  try {
    return await handle.query<Progress>('progress');
  } catch {
    return undefined;
  }
}

/** A step that was told, on one line. */
export const line = ({ step, what, ms }: StepTold) => `${step.padEnd(10)}${what}${ms > 0 ? `  (${duration(ms)})` : ''}`;

/** What a watcher is told of a running day or backfill. */
export interface Watcher<Progress = DayProgress> {
  see(progress: Progress): void;
  /** No worker has answered for a while. Called once, until one answers again. */
  silence(): void;
}

/** Shows each new state to the watcher until what runs has ended, and once more all that was told. */
export async function watch<Progress = DayProgress>(
  handle: WorkflowHandle,
  end: Promise<unknown>,
  watcher: Watcher<Progress>,
): Promise<void> {
  const ended = end.then(() => true).catch(() => true);
  let heard = Date.now();
  while (!(await Promise.race([ended, sleep(LOOK, false)]))) {
    const progress = await Promise.race([told<Progress>(handle), ended.then(() => undefined)]);
    if (progress) {
      heard = Date.now();
      watcher.see(progress);
    } else if (Date.now() - heard > SILENCE) {
      heard = Number.POSITIVE_INFINITY;
      watcher.silence();
    }
  }
  // Only a worker can answer, and none may be left.
  const last = await Promise.race([told<Progress>(handle), sleep(LAST_LOOK, undefined, { ref: false })]);
  if (last) watcher.see(last);
}
