import type { QuarantinedObject } from './accounts.js';
import { command } from './commands.js';
import { clipped, plural } from './format.js';
import { sentence, type Text } from './sentence.js';

/** Says since when a day is held, why, and how to release it. `since` is in UTC, as in the ledger. */
export const heldSince = ({ day, since, reason }: { day: string; since: string; reason: string }): Text =>
  sentence(
    `${day} is held since ${since.slice(0, 16)} UTC${reason === '' ? '' : ` (${reason})`}. Release it: `,
    command.unhold(day),
  );

/** Says that a day is held after its rollback. */
export const heldNow = (day: string): Text =>
  sentence(`${day} is held: no run builds it until it is forced or released (`, command.unhold(day), ')');

/** Says which tables of a database were never created. */
export const absentTables = (database: string, tables: readonly string[]): string =>
  `These tables do not exist yet: ${tables.map((table) => `${database}.${table}`).join(', ')}.`;

/** Objects that a note names, and characters of the reason for each. */
const QUARANTINED_NAMED = 3;

const REASON_LENGTH = 200;

/** Says which objects a published day lacks, and how to fix it: at most one sentence, whatever their number. */
export function quarantinedNote(day: string, source: string, quarantined: readonly QuarantinedObject[]): Text[] {
  if (quarantined.length === 0) return [];
  const named = quarantined
    .slice(0, QUARANTINED_NAMED)
    .map(({ object, reason }) => `${object} (${clipped(reason, REASON_LENGTH)})`);
  const more = quarantined.length > named.length ? '; …' : '';
  return [
    sentence(
      `${source}: ${plural(quarantined.length, 'bad object')} quarantined: ${named.join('; ')}${more}. `,
      'Upload them again; the next nightly run includes them, or ',
      command.run(day),
    ),
  ];
}
