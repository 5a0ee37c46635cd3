import type { DayEnd } from './follow/follow.js';
import type { Output } from './options.js';
import { note, print, printJson } from './output.js';

/** Prints the outcome of a day and sets the exit code. */
export function report(day: string, output: Output, end: DayEnd): void {
  if (!end.ok) process.exitCode = 1;
  if (output === 'json')
    printJson(end.ok ? end.result : { day, outcome: end.outcome, step: end.step, message: end.message });
  else if (end.ok) for (const text of [...end.result.notes, `${day} ${end.result.outcome}`]) print(text);
  else note(end.message);
}
