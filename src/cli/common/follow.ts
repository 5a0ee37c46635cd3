import type { WorkflowHandle } from '@temporalio/client';
import { command } from '../../shared/commands.js';
import { sentence } from '../../shared/sentence.js';
import type { Command } from '../../shared/commands.js';
import { tellLive } from './follow-live.js';
import { note, print } from './output.js';
import { endOfDay, line, watch, type DayEnd } from './watch.js';

export type { DayEnd };

/**
 * Waits for the end of a day and shows every step as it is told: as a live list on a terminal, as plain lines elsewhere.
 *
 * @param options `again` is the command that repeats what runs; the default is that of a run.
 * @throws the signal's reason when it aborts; the day goes on.
 */
export async function followDay(
  handle: WorkflowHandle,
  day: string,
  { show, again, signal }: { show: 'live' | 'lines' | 'nothing'; again?: Command; signal?: AbortSignal },
): Promise<DayEnd> {
  const end = Promise.race([endOfDay(handle, day, again), ...(signal ? [abortOf(signal)] : [])]);
  if (show === 'lines') await tellLines(handle, end);
  if (show === 'live') await tellLive(handle, end);
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

/** Each step on a line, as soon as it is told. A run that continues in a new history tells its steps again. */
async function tellLines(handle: WorkflowHandle, end: Promise<DayEnd>): Promise<void> {
  let shown = 0;
  await watch(handle, end, {
    see: ({ told: steps }) => {
      if (steps.length < shown) shown = 0;
      for (const step of steps.slice(shown)) print(`  ${line(step)}`);
      shown = steps.length;
    },
    silence: () => {
      note(sentence('  No worker answers: the day waits until one does. In another terminal: ', command.worker()));
    },
  });
}
