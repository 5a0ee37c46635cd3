import type { AlertInput } from '../activities/alert/index.js';
import { commandsIn, runCommand, statusCommand } from '../src/shared/commands.js';
import type { DayEnded } from '../src/shared/workflows.js';

/**
 * Decides whether the end of an unattended day is worth a message. A cancelled day is not: a person cancelled it.
 *
 * @param wasBad the day had failed before, or was missing
 */
export function alertOf({ day, outcome, reason, failure }: DayEnded, wasBad: boolean): AlertInput | undefined {
  if (outcome === 'failed') {
    const late = failure?.step === 'wait' && failure.type === 'SourceNotReady';
    const commands = commandsIn(reason);
    return {
      kind: late ? 'deadline' : 'failed',
      day,
      step: failure?.step ?? '',
      reason: failure?.reason ?? reason,
      next: commands.length > 0 ? commands : [runCommand(day)],
    };
  }
  // A held day was not built, so nothing has recovered.
  if (outcome === 'cancelled' || outcome === 'held' || !wasBad) return undefined;
  return { kind: 'recovered', day, step: '', reason: `It is ${outcome} now.`, next: [statusCommand(day)] };
}

/** Joins the notes of a nightly run into one message. */
export const warningOf = (day: string, notes: readonly string[]): AlertInput => ({
  kind: 'warning',
  day,
  step: '',
  reason: notes.join('\n'),
  next: commandsIn(notes.join('\n')).slice(0, MOST_COMMANDS),
});

const MOST_COMMANDS = 10;
