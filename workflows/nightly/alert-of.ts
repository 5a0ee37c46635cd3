import type { AlertInput } from '../../activities/alert/index.js';
import { command } from '../../src/shared/commands.js';
import { commandsIn, joinTexts, plain, type Text } from '../../src/shared/sentence.js';
import type { DayEnded } from '../../src/shared/workflows.js';

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
      reason: plain(failure?.reason ?? reason),
      next: commands.length > 0 ? commands : [command.run(day)],
    };
  }
  // A held day was not built, so nothing has recovered.
  if (outcome === 'cancelled' || outcome === 'held' || !wasBad) return undefined;
  return { kind: 'recovered', day, step: '', reason: `It is ${outcome} now.`, next: [command.statusOf(day)] };
}

/** Joins the notes of a nightly run into one message. */
export const warningOf = (day: string, notes: readonly Text[]): AlertInput => ({
  kind: 'warning',
  day,
  step: '',
  reason: plain(joinTexts(notes, '\n')),
  next: commandsIn(joinTexts(notes, '\n')).slice(0, MOST_COMMANDS),
});

const MOST_COMMANDS = 10;
