import { dataOfChunks, dataOfInputs, publishedFingerprint } from '../ledger/fingerprints.js';
import type { CurrentPublish } from '../ledger/records.js';
import { stalenessOf, type PublishedDay, type Staleness } from '../ledger/staleness.js';
import { command } from '../shared/commands.js';
import { asReadBefore, changedSince, inputsRead } from '../shared/lookback.js';
import { tableDay } from '../shared/names.js';
import { sentence, type Text } from '../shared/sentence.js';
import type { SourceListing } from './folders/index.js';
import type { Plan, PlannedTable } from './plan.js';

/** Whether one table's day must be built. */
export interface TableVerdict {
  table: string;
  staleness: Staleness;
  /** Why, as text; '' for a fresh table. */
  reason: string;
  /** True if it must be built only because an input of the same day must. */
  follows: boolean;
}

/** Which tables of a day must be built, and why. */
export interface Verdict {
  tables: TableVerdict[];
  /** Why the day must be built; empty if nothing but code differs. */
  reasons: string[];
  notes: Text[];
}

export interface JudgeOptions {
  /** Code alone is a reason to build. */
  code: boolean;
  /** `table@day` of earlier days that will be rebuilt before this one. */
  moving?: ReadonlySet<string>;
}

/**
 * Determines which tables must be built, and why. A table is built if one of its inputs is; one that differs by code alone is only
 * noted, unless the day is built anyway or code counts.
 */
export function judge(
  plan: Plan,
  listings: readonly SourceListing[],
  records: readonly CurrentPublish[],
  { code, moving = new Set() }: JudgeOptions,
): Verdict {
  const published = new Map(records.map((record) => [tableDay(record.table, record.day), record]));
  const built = new Set<string>();
  const tables = plan.tables.map((table): TableVerdict => {
    const { name } = table;
    const before = published.get(tableDay(name, plan.day));
    const verdict = (staleness: Staleness, reason: string, follows = false) => {
      if (staleness === 'missing' || staleness === 'data' || (staleness === 'code' && code)) built.add(name);
      return { table: name, staleness, reason, follows };
    };
    const input = table.inputs.find((one) => one !== name && built.has(one));
    const staleness = stalenessOf(
      before && asPublished(before),
      table.code,
      dataNow(table, plan.day, listings, published),
    );
    if (staleness === 'missing') return verdict('missing', `${name} is not published yet`, input !== undefined);
    if (input !== undefined) return verdict('data', `${name} reads ${input}, which is rebuilt`, true);
    if (staleness === 'data') {
      const listing = listings.find(({ source }) => source === name);
      if (listing) return verdict('data', listing.change);
      const changed = changedSince(before?.inputs ?? {}, inputsNow(table, plan.day, published));
      return verdict('data', `${name} reads ${changed.join(', ')}, published again since`);
    }
    const later = Object.keys(inputsNow(table, plan.day, published)).find((one) => moving.has(one));
    if (later !== undefined) return verdict('data', `${name} reads ${later}, which is rebuilt`);
    return verdict(staleness, staleness === 'code' ? `${name}: its SQL, its options or its table changed` : '');
  });
  const reasons = tables.filter(({ table, follows }) => built.has(table) && !follows).map(({ reason }) => reason);
  const byCode = tables.filter(({ staleness }) => staleness === 'code').map(({ table }) => table);
  const notes =
    byCode.length > 0 && reasons.length === 0 && !plan.force
      ? [sentence(`stale by code: ${byCode.join(', ')}; rebuild with: `, command.backfill(plan.day, plan.day))]
      : [];
  return { tables, reasons, notes };
}

const asPublished = ({ generation, code, data, rows }: CurrentPublish): PublishedDay => ({
  generation,
  code,
  data,
  rows,
});

/** Returns the data half of a table's fingerprint as it would be now; undefined if unknown until chunks are normalized. */
function dataNow(
  table: PlannedTable,
  day: string,
  listings: readonly SourceListing[],
  published: ReadonlyMap<string, CurrentPublish>,
): string | undefined {
  if (table.kind === 'normalized') {
    const known = listings.find(({ source }) => source === table.name)?.chunksOfDay;
    return known && dataOfChunks(known);
  }
  const before = published.get(tableDay(table.name, day));
  const now = inputsNow(table, day, published);
  return dataOfInputs(before && before.code !== table.code ? asReadBefore(before.inputs, now) : now);
}

const inputsNow = (table: PlannedTable, day: string, published: ReadonlyMap<string, CurrentPublish>) =>
  inputsRead(table, day, (input, of) => {
    const record = published.get(tableDay(input, of));
    return record && publishedFingerprint(record);
  });
