import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { Listr } from 'listr2';
import { command } from '../../shared/commands.js';
import type { Text } from '../../shared/sentence.js';
import type { BackfillProgress, BackfillResult } from '../../shared/workflows.js';
import { endOf } from '../../temporal/client.js';
import { abortOf } from '../common/follow/follow.js';
import { watch } from '../common/follow/watch.js';
import { note, print, typed } from '../common/output.js';
import { ownReason, progressLine } from './text.js';

/** The outcome of a backfill. */
export type BackfillEnd =
  { ok: true; result: BackfillResult } | { ok: false; outcome: 'failed' | 'cancelled'; message: Text };

/** Waits for the end of a backfill; see {@link endOf}. */
async function endOfBackfill(handle: WorkflowHandle): Promise<BackfillEnd> {
  const end = await endOf<BackfillResult>(handle);
  if (end.ok) return end;
  const { outcome, message } = end;
  const cancelled = 'The backfill was cancelled. Published days stay. To build the rest, start it again.';
  return { ok: false, outcome, message: outcome === 'cancelled' ? cancelled : message };
}

/** Least time between two progress lines in a log, in milliseconds; a failed day is printed at once. */
const LINE_EVERY = 10_000;
/** Time between two redraws of a terminal, in milliseconds. */
const REDRAW = 500;

const backfillSilence = () => `no worker responds: the backfill waits for one (${typed(command.worker())})`;

/**
 * Waits for the end of a backfill and shows its progress: on one line of a terminal, as plain lines elsewhere.
 *
 * @throws the signal's reason when it aborts; the backfill continues.
 */
export async function followBackfill(
  handle: WorkflowHandle,
  show: 'live' | 'lines' | 'nothing',
  signal: AbortSignal,
): Promise<BackfillEnd> {
  const end = Promise.race([endOfBackfill(handle), abortOf(signal)]);
  if (show === 'lines') await showBackfillLines(handle, end);
  if (show === 'live') await showBackfillLive(handle, end);
  return await end;
}

async function showBackfillLines(handle: WorkflowHandle, end: Promise<unknown>): Promise<void> {
  let at = 0;
  let done = -1;
  let failed = 0;
  await watch<BackfillProgress>(handle, end, {
    see: (progress) => {
      // The days are not known yet.
      if (progress.total === 0) return;
      for (const one of progress.failed.slice(failed)) print(`${one.day} failed at ${one.step}: ${ownReason(one)}`);
      failed = progress.failed.length;
      if (progress.done === done || Date.now() - at < LINE_EVERY) return;
      at = Date.now();
      done = progress.done;
      print(progressLine(progress, at));
    },
    silence: () => {
      note(backfillSilence());
    },
  });
}

async function showBackfillLive(handle: WorkflowHandle, end: Promise<unknown>): Promise<void> {
  let seen: BackfillProgress | undefined;
  let silent = false;
  let over = false;
  const watching = watch<BackfillProgress>(handle, end, {
    see: (progress) => {
      seen = progress;
      silent = false;
    },
    silence: () => {
      silent = true;
    },
  }).finally(() => {
    over = true;
  });
  const task = async (_: unknown, line: { title: string; output: string }) => {
    while (!over) {
      line.title = silent ? backfillSilence() : seen ? progressLine(seen, Date.now()) : 'backfill';
      const worst = seen?.failed.at(-1);
      if (worst) line.output = `${worst.day} failed at ${worst.step}: ${ownReason(worst)}`;
      await sleep(REDRAW);
    }
    if (seen) line.title = progressLine(seen, Date.now());
  };
  // The command handles Ctrl-C itself: the backfill continues without it.
  await new Listr([{ title: 'backfill', task }], { registerSignalListeners: false }).run();
  await watching;
}
