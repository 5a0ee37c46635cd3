import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { command, type Command } from '../../../shared/commands.js';
import { durationText } from '../../../shared/format.js';
import { sentence, type Text } from '../../../shared/sentence.js';
import type { DayProgress, DayResult, FinishedStep } from '../../../shared/workflows.js';
import { endOf } from '../../../temporal/client.js';

/** Time between two queries for the progress, in milliseconds. */
const POLL_INTERVAL = 250;
/** How long the progress of a failed day is asked for after its end, in milliseconds. */
const LAST_QUERIES = 10_000;
/** Time without an answer before a warning, in milliseconds: a worker answers queries also while steps run. */
const SILENCE = 15_000;

/** The outcome of a day. */
export type DayEnd =
  | { ok: true; result: DayResult }
  | { ok: false; day: string; outcome: 'failed' | 'cancelled'; step: string; message: Text };

/** Waits for the end of a day, see {@link endOf}; adds the step that failed and the next command. */
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

/** Queries the progress; undefined if no worker answers. */
async function queryProgress<Progress>(handle: WorkflowHandle): Promise<Progress | undefined> {
  try {
    return await handle.query<Progress>('progress');
  } catch {
    return undefined;
  }
}

/** Formats a finished step on one line. */
export const line = ({ step, what, ms }: FinishedStep) =>
  `${step.padEnd(10)}${what}${ms > 0 ? `  (${durationText(ms)})` : ''}`;

/** Receives the progress of a running day or backfill. */
export interface Watcher<Progress = DayProgress> {
  see(progress: Progress): void;
  /** Called once when no worker has answered for a while, and again only after one has answered. */
  silence(): void;
}

/**
 * Passes the progress to the watcher until the workflow has ended, and a last time after its end.
 *
 * @param last returns the last progress, if the workflow's result has it; otherwise a worker is asked, if one is left that answers
 */
export async function watch<Progress = DayProgress>(
  handle: WorkflowHandle,
  end: Promise<unknown>,
  watcher: Watcher<Progress>,
  last: () => Promise<Progress | undefined> = () => Promise.resolve(undefined),
): Promise<void> {
  const ended = end.then(() => true).catch(() => true);
  let heard = Date.now();
  while (!(await Promise.race([ended, sleep(POLL_INTERVAL, false)]))) {
    const progress = await Promise.race([queryProgress<Progress>(handle), ended.then(() => undefined)]);
    if (progress) {
      heard = Date.now();
      watcher.see(progress);
    } else if (Date.now() - heard > SILENCE) {
      heard = Number.POSITIVE_INFINITY;
      watcher.silence();
    }
  }
  const final = (await last()) ?? (await lastAnswer<Progress>(handle));
  if (final) watcher.see(final);
}

/** Watches a day like {@link watch}; the last steps of one that succeeded are in its result. */
export const watchDay = (handle: WorkflowHandle, end: Promise<DayEnd>, watcher: Watcher): Promise<void> =>
  watch(handle, end, watcher, () => progressAtEnd(end));

/** Returns the progress of a day from its result; undefined if it failed. */
async function progressAtEnd(end: Promise<DayEnd>): Promise<DayProgress | undefined> {
  const done = await end.catch(() => undefined);
  if (!done?.ok) return undefined;
  const { day, steps } = done.result;
  return { day, step: '', done: 0, total: 0, missing: [], steps };
}

/** Queries the progress of a workflow that has ended: a busy worker may not answer the first time. */
async function lastAnswer<Progress>(handle: WorkflowHandle): Promise<Progress | undefined> {
  const until = Date.now() + LAST_QUERIES;
  do {
    const given = sleep(until - Date.now(), undefined, { ref: false });
    const progress = await Promise.race([queryProgress<Progress>(handle), given]);
    if (progress) return progress;
    await sleep(POLL_INTERVAL);
  } while (Date.now() < until);
  return undefined;
}
