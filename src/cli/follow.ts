import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure } from '@temporalio/common';
import { Listr } from 'listr2';
import type { DayProgress, DayResult, StepTold } from '../core/messages.js';
import { duration } from '../core/words.js';
import { messageOf } from '../errors.js';

/** Between two looks at a running day, in milliseconds. */
const LOOK = 250;

/** How a day ended, for people and programs. */
export type DayEnd =
  { ok: true; result: DayResult } | { ok: false; day: string; outcome: 'failed' | 'cancelled'; message: string };

/** Waits for the end of a day and shows every step as it is told: as a live list on a terminal, as plain lines elsewhere. */
export async function followDay(
  handle: WorkflowHandle,
  day: string,
  show: 'live' | 'lines' | 'nothing',
): Promise<DayEnd> {
  const end = endOf(handle, day);
  if (show === 'lines') await tellLines(handle, end);
  if (show === 'live') await tellLive(handle, end);
  return await end;
}

async function endOf(handle: WorkflowHandle, day: string): Promise<DayEnd> {
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
        message: `Day ${day} was ${cause instanceof CancelledFailure ? 'cancelled' : 'terminated'}. Start it again: npx daybook run --day ${day}`,
      };
    return {
      ok: false,
      day,
      outcome: 'failed',
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

const line = ({ step, what, ms }: StepTold) => `${step.padEnd(10)}${what}${ms > 0 ? `  (${duration(ms)})` : ''}`;

/** Calls `see` with each new state until the day has ended, and once more with all that was told. */
async function watch(
  handle: WorkflowHandle,
  end: Promise<DayEnd>,
  see: (progress: DayProgress) => void,
): Promise<void> {
  const ended = end.then(() => true).catch(() => true);
  while (!(await Promise.race([ended, sleep(LOOK, false)]))) {
    const progress = await told(handle);
    if (progress) see(progress);
  }
  const last = await told(handle);
  if (last) see(last);
}

async function tellLines(handle: WorkflowHandle, end: Promise<DayEnd>): Promise<void> {
  let shown = 0;
  await watch(handle, end, ({ told: steps }) => {
    for (const step of steps.slice(shown)) process.stdout.write(`  ${line(step)}\n`);
    shown = steps.length;
  });
}

/** One entry that names the running step, and above it a finished line for each step that was told. */
async function tellLive(handle: WorkflowHandle, end: Promise<DayEnd>): Promise<void> {
  await new Listr(
    [
      {
        title: 'starting',
        task: async (_, task) => {
          await watch(handle, end, ({ step, done, total, told: steps }) => {
            task.title = total > 1 ? `${step} ${done} of ${total}` : step;
            task.output = steps.map(line).join('\n');
          });
          task.title = 'done';
        },
        rendererOptions: { persistentOutput: true, outputBar: Infinity },
      },
    ],
    { renderer: 'default' },
  ).run();
}
