import type { QuarantinedObject } from './accounts.js';
import { command } from './commands.js';
import { clipped, plural } from './format.js';
import { sentence, type Text } from './sentence.js';

/** Since when a day is held, why, and how it is released. `since` as the ledger gives it, in UTC. */
export const heldSince = ({ day, since, reason }: { day: string; since: string; reason: string }): Text =>
  sentence(
    `${day} is held as it is since ${since.slice(0, 16)} UTC${reason === '' ? '' : ` (${reason})`}. Release it: `,
    command.unhold(day),
  );

/** What a rollback leaves behind. */
export const heldNow = (day: string): Text =>
  sentence(`${day} is held as it is now: no run builds it until it is released (`, command.unhold(day), ') or forced');

/** Objects that a note names, and characters of the reason for each. */
const QUARANTINED_NAMED = 3;

const REASON_LENGTH = 200;

/** What a day lacks that was published without some objects, and what heals it: at most one sentence, whatever their number. */
export function quarantinedNote(day: string, source: string, quarantined: readonly QuarantinedObject[]): Text[] {
  if (quarantined.length === 0) return [];
  const named = quarantined
    .slice(0, QUARANTINED_NAMED)
    .map(({ object, reason }) => `${object} (${clipped(reason, REASON_LENGTH)})`);
  const more = quarantined.length > named.length ? '; …' : '';
  return [
    sentence(
      `${source}: ${plural(quarantined.length, 'bad object')} quarantined: ${named.join('; ')}${more}. `,
      'Written anew, the next night or ',
      command.run(day),
      ' heals the day',
    ),
  ];
}
