import type { WorkflowHandle } from '@temporalio/client';
import { command, type Command } from '../../../shared/commands.js';
import { sentence } from '../../../shared/sentence.js';
import { note, print } from '../output.js';
import { showLive } from './live.js';
import { endOfDay, line, watchDay, type DayEnd } from './watch.js';

export type { DayEnd };

/**
 * Waits for the end of a day and shows every step as it finishes: as a live list on a terminal, as plain lines elsewhere.
 *
 * @param options `again` is the command that repeats the run; by default that of `daybook run`
 * @throws the signal's reason when it aborts; the day continues.
 */
export async function followDay(
  handle: WorkflowHandle,
  day: string,
  { show, again, signal }: { show: 'live' | 'lines' | 'nothing'; again?: Command; signal?: AbortSignal },
): Promise<DayEnd> {
  const end = Promise.race([endOfDay(handle, day, again), ...(signal ? [abortOf(signal)] : [])]);
  if (show === 'lines') await showLines(handle, end);
  if (show === 'live') await showLive(handle, end);
  return await end;
}

/** Rejects with the signal's reason when it aborts. */
export const abortOf = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    const abort = () => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });

/** Prints each step on a line as soon as it has finished. A run that continues as new reports its steps again. */
async function showLines(handle: WorkflowHandle, end: Promise<DayEnd>): Promise<void> {
  let shown = 0;
  await watchDay(handle, end, {
    see: ({ steps }) => {
      if (steps.length < shown) shown = 0;
      for (const step of steps.slice(shown)) print(`  ${line(step)}`);
      shown = steps.length;
    },
    silence: () => {
      note(sentence('  No worker responds: the day waits for one. Start one in another terminal: ', command.worker()));
    },
  });
}
