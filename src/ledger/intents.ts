import { final } from '../errors.js';
import { command } from '../shared/commands.js';
import { sentence } from '../shared/sentence.js';
import type { OpenIntent, Ledger } from './ledger.js';

/**
 * The open intents of one generation of a day; 0 means none. A publish of another generation that is open belongs to somebody who
 * still swaps, or must be recovered first: until then the day is neither unchanged nor anybody's to publish.
 */
export async function openIntentsOf(deps: { ledger: Ledger }, day: string, generation: number): Promise<OpenIntent[]> {
  const intents = await deps.ledger.openIntents(day);
  const other = intents.find((intent) => intent.generation !== generation);
  if (other)
    throw final(
      'Superseded',
      sentence(
        `The publish of generation ${other.generation} of ${day} is open: readers may have half of it. `,
        'Run the day again, which ends it first: ',
        command.run(day),
      ),
    );
  return intents;
}
