import { final } from '../errors.js';
import type { OpenIntent, Ledger } from './ledger.js';

/**
 * Throws where a publish of another generation than this one is open (0: of any). It belongs to somebody who still swaps, or must be
 * recovered first: until then the day is neither unchanged nor anybody's to publish.
 */
export function assertNoneOpen(day: string, open: readonly OpenIntent[], generation: number): void {
  const other = open.find((intent) => intent.day === day && intent.generation !== generation);
  if (other)
    throw final(
      'Superseded',
      `The publish of generation ${other.generation} of ${day} is open: readers may have half of it. ` +
        `Run the day again, which ends it first: npx daybook run --day ${day}`,
    );
}

/** The open intents of one generation of a day; 0 means none. Throws as {@link assertNoneOpen} does. */
export async function openIntentsOf(deps: { ledger: Ledger }, day: string, generation: number): Promise<OpenIntent[]> {
  const intents = await deps.ledger.openIntents(day);
  assertNoneOpen(day, intents, generation);
  return intents;
}
