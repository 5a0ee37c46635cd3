import { final } from '../errors.js';
import { command } from '../shared/commands.js';
import { sentence } from '../shared/sentence.js';
import type { Ledger } from './ledger.js';
import type { OpenIntent } from './records.js';

/**
 * Throws a final Superseded if a generation other than this one (0: any) has an unfinished publish: it is still being swapped or must
 * be recovered first, and until then the day can be neither judged nor published.
 */
export function assertNoneOpen(day: string, open: readonly OpenIntent[], generation: number): void {
  const other = open.find((intent) => intent.day === day && intent.generation !== generation);
  if (other)
    throw final(
      'Superseded',
      sentence(
        `The publish of generation ${other.generation} of ${day} is unfinished: readers may have half of it. `,
        'Run the day again, which recovers it first: ',
        command.run(day),
      ),
    );
}

/** Returns the open intents of one generation of a day; pass 0 for none. Throws as {@link assertNoneOpen} does. */
export async function openIntentsOf(deps: { ledger: Ledger }, day: string, generation: number): Promise<OpenIntent[]> {
  const intents = await deps.ledger.openIntents(day);
  assertNoneOpen(day, intents, generation);
  return intents;
}
