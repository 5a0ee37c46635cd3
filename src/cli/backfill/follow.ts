import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { Listr } from 'listr2';
import { command } from '../../shared/commands.js';
import { sentence, type Text } from '../../shared/sentence.js';
import type { BackfillProgress, BackfillResult } from '../../shared/workflows.js';
import { endOf } from '../../temporal/client.js';
import { abortOf } from '../common/follow.js';
import { note, print, typed, worded } from '../common/output.js';
import { watch } from '../common/watch.js';
import { progressLine } from './text.js';

/** How a backfill ended, for people and programs. */
export type BackfillEnd =
  { ok: true; result: BackfillResult } | { ok: false; outcome: 'failed' | 'cancelled'; message: Text };

/** {@link endOf} a backfill. */
async function endOfBackfill(handle: WorkflowHandle): Promise<BackfillEnd> {
  const end = await endOf<BackfillResult>(handle);
  if (end.ok) return end;
  const { outcome, message } = end;
  const cancelled = 'The backfill was cancelled. What is built stays; start it again and it does only the rest.';
  return { ok: false, outcome, message: outcome === 'cancelled' ? cancelled : message };
}

/** Between two lines where nobody watches a terminal, in milliseconds; a failed day is told at once. */
const LINE_EVERY = 10_000;
/** Between two looks at what a terminal shows, in milliseconds. */
const REDRAW = 500;

const silenceText = () => `no worker answers: the backfill waits until one does (${typed(command.worker())})`;

/**
 * Waits for the end of a backfill and shows how far it is: on one line of a terminal, as plain lines elsewhere.
 *
 * @throws the signal's reason when it aborts; the backfill goes on.
 */
export async function followBackfill(
  handle: WorkflowHandle,
  show: 'live' | 'lines' | 'nothing',
  signal: AbortSignal,
): Promise<BackfillEnd> {
  const end = Promise.race([endOfBackfill(handle), abortOf(signal)]);
  if (show === 'lines') await tellLines(handle, end);
  if (show === 'live') await tellLive(handle, end);
  return await end;
}

async function tellLines(handle: WorkflowHandle, end: Promise<unknown>): Promise<void> {
  let at = 0;
  let done = -1;
  let failed = 0;
  await watch<BackfillProgress>(handle, end, {
    see: (progress) => {
      for (const { day, step, reason } of progress.failed.slice(failed))
        print(sentence(`${day} failed at ${step}: `, reason));
      failed = progress.failed.length;
      if (progress.done === done || Date.now() - at < LINE_EVERY) return;
      at = Date.now();
      done = progress.done;
      print(progressLine(progress, at));
    },
    silence: () => {
      note(silenceText());
    },
  });
}

async function tellLive(handle: WorkflowHandle, end: Promise<unknown>): Promise<void> {
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
      line.title = silent ? silenceText() : seen ? progressLine(seen, Date.now()) : 'backfill';
      const worst = seen?.failed.at(-1);
      if (worst) line.output = `${worst.day} failed at ${worst.step}: ${worded(worst.reason)}`;
      await sleep(REDRAW);
    }
    if (seen) line.title = progressLine(seen, Date.now());
  };
  // Ctrl-C is the command's to answer: the backfill goes on without it.
  await new Listr([{ title: 'backfill', task }], { registerSignalListeners: false }).run();
  await watching;
}
