import { final } from '../errors.js';
import { command } from '../shared/commands.js';
import { sentence, type Text } from '../shared/sentence.js';
import type { PublishedVersion, PublishRecord } from './records.js';

/** What a rollback was asked for; neither is the publish before the newest one. */
export interface RollbackTarget {
  /** The publish that readers are to have, as of which each table counts. */
  generation?: number | undefined;
  /** Readers are to have nothing of the day. */
  toEmpty?: boolean | undefined;
}

/**
 * The generation that a rollback restores; 0 where readers shall have nothing. Without a target it is the newest publish before
 * the one that readers have. A day that was just rolled back and is still held answers with what it has, so that repeating the
 * command changes nothing.
 *
 * @throws a final NothingPublished or OnlyPublish where there is no such publish.
 */
export function rollbackTarget(
  day: string,
  history: readonly PublishedVersion[],
  held: boolean,
  { generation, toEmpty = false }: RollbackTarget,
): number {
  const refused = (type: 'NothingPublished' | 'OnlyPublish', message: Text) =>
    final(type, message, { details: { step: 'rollback' } });
  if (history.every(({ done_at: since }) => since === ''))
    throw refused(
      'NothingPublished',
      sentence(
        `${day} was never published, so there is nothing to roll back. The day's state: `,
        command.statusOf(day),
      ),
    );
  const published = [...new Set(history.filter(({ last }) => last === 'done').map((record) => record.generation))];
  if (toEmpty) return 0;
  if (generation !== undefined) {
    if (published.includes(generation)) return generation;
    throw refused(
      'NothingPublished',
      sentence(
        `Generation ${generation} of ${day} is not published; found ${published.join(', ') || 'no published generation'}. `,
        'Show what can be restored: ',
        command.rollback(day, undefined, '--dry-run'),
      ),
    );
  }
  const current = Math.max(0, ...published);
  const rolledBack = history.some((record) => record.generation > current && wasRolledBack(record));
  if (held && rolledBack) return current;
  const older = published.filter((one) => one < current);
  if (older.length > 0) return Math.max(...older);
  if (current === 0)
    throw refused(
      'NothingPublished',
      sentence(
        `Nothing of ${day} is published, so there is nothing to roll back. The day's state: `,
        command.statusOf(day),
      ),
    );
  throw refused(
    'OnlyPublish',
    sentence(
      `Generation ${current} is the only publish of ${day}: rolling it back leaves readers no row of the day. If that is wanted: `,
      command.rollback(day, 0),
    ),
  );
}

const wasRolledBack = ({ last, done_at: since }: PublishedVersion) =>
  since !== '' && (last === 'undone' || last === 'rollback');

/** The publishes between readers and the target: those of newer generations that are not undone. */
export const undoneBy = (history: readonly PublishedVersion[], target: number): PublishedVersion[] =>
  history.filter(({ generation, last }) => generation > target && (last === 'done' || last === 'rollback'));

/**
 * Of publishes that are undone together, the oldest of each table, upstream first: its archive holds what readers get back,
 * whatever the newer ones had archived.
 */
export function oldestOfTables<Record extends PublishRecord>(records: readonly Record[]): Record[] {
  const oldest = new Map<string, Record>();
  for (const record of records) {
    const known = oldest.get(record.table);
    if (!known || record.generation < known.generation) oldest.set(record.table, record);
  }
  return [...oldest.values()].sort((a, b) => a.position - b.position);
}

/** What readers had of a table as of a publish; undefined if they had nothing of it. */
export const standingAsOf = (
  history: readonly PublishedVersion[],
  table: string,
  generation: number,
): PublishedVersion | undefined =>
  history
    .filter((one) => one.table === table && one.last === 'done' && one.generation <= generation)
    .sort((a, b) => b.generation - a.generation)[0];

/**
 * True if an archive holds other rows than were published, as far as the ledger knows: a hash over other columns says nothing, nor does
 * one of another definition of the table.
 *
 * @param before the publish that was replaced; undefined if there was none
 */
export const archivesOthers = (
  { archived_rows: rows, archived_hash: hash, columns, code }: PublishRecord,
  before: PublishRecord | undefined,
): boolean =>
  rows !== (before?.rows ?? 0) ||
  (before?.code === code && before.columns.join() === columns.join() && hash !== before.hash);
