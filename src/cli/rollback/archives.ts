import type { App } from '../../app.js';
import { tablesLike } from '../../clickhouse/tables.js';
import type { PublishedVersion } from '../../ledger/records.js';
import { archivesOthers, oldestOfTables, undoneBy } from '../../ledger/rollback.js';
import { command } from '../../shared/commands.js';
import { numberText, plural } from '../../shared/format.js';
import { archiveDatabase } from '../../shared/names.js';
import type { Text } from '../../shared/sentence.js';
import { typed, worded } from '../common/output.js';
import { isoInstant, localTime, plainTable } from '../common/text.js';

/** A table's day as one publish made it. */
export interface ArchivedVersion {
  generation: number;
  table: string;
  rows: number;
  /** Since when readers had it, an ISO instant. */
  published: string;
  /**
   * `current`: readers have it. `archived`: it can be restored. `altered`: its archive holds other rows, as something else had changed
   * them. `gone`: its archive no longer exists.
   */
  state: 'current' | 'archived' | 'altered' | 'gone';
}

/** What a rollback of a day would restore, and what else could be. */
export interface RollbackPreview {
  day: string;
  /** The generation that the command would restore; 0 for none, null where it would be refused. */
  target: number | null;
  /** Why it would be refused, or ''. */
  refused: Text;
  versions: ArchivedVersion[];
}

/** Every publish of the day that is not undone, newest first, and where its rows are now. */
export async function archivedVersions(
  { clickhouse, ledger }: App,
  history: readonly PublishedVersion[],
): Promise<ArchivedVersion[]> {
  const standing = new Set(
    (await clickhouse.rows<{ name: string }>(tablesLike(archiveDatabase(ledger.project)))).map(({ name }) => name),
  );
  return history
    .filter(({ last }) => last === 'done')
    .map((version): ArchivedVersion => {
      const { generation, table, rows, done_at: since } = version;
      const [next] = oldestOfTables(undoneBy(history, generation).filter((one) => one.table === table));
      const exists = next !== undefined && (standing.has(next.archive) || next.archived_rows === 0);
      const kept = !exists ? 'gone' : archivesOthers(next, version) ? 'altered' : 'archived';
      return { generation, table, rows, published: isoInstant(since), state: next === undefined ? 'current' : kept };
    })
    .sort((a, b) => b.generation - a.generation);
}

/** The preview as text: a line for each version of a table, then what the command would do. */
export function previewText({ day, target, refused, versions }: RollbackPreview, zone: string, now: Date): string {
  const STATES = {
    current: 'readers have it',
    archived: 'archived',
    altered: 'its archive holds other rows',
    gone: 'its archive no longer exists',
  };
  const lines = versions.map(({ generation, table, rows, published, state }) => [
    String(generation),
    table,
    numberText(rows),
    localTime(published, zone),
    ageOf(new Date(published), now),
    STATES[state],
  ]);
  return [
    ...(lines.length > 0
      ? [plainTable([{ right: 'generation' }, 'table', { right: 'rows' }, 'published', 'age', 'state'], lines)]
      : []),
    target === null ? worded(refused) : effectOf(day, target, Math.max(0, ...versions.map((one) => one.generation))),
  ].join('\n');
}

/** Says what a rollback would do, which is nothing if readers have its target already. */
function effectOf(day: string, target: number, newest: number): string {
  const what = target === 0 ? 'no row of the day' : `generation ${target}`;
  return target === newest
    ? `Readers have ${what} already: a rollback changes nothing.`
    : `A rollback restores ${what}: ${typed(command.rollback(day, target))}`;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How old something is, in its largest unit. */
function ageOf(since: Date, now: Date): string {
  const ms = Math.max(0, now.getTime() - since.getTime());
  if (ms >= DAY) return plural(Math.floor(ms / DAY), 'day');
  if (ms >= HOUR) return plural(Math.floor(ms / HOUR), 'hour');
  return plural(Math.max(1, Math.floor(ms / MINUTE)), 'minute');
}
