import prettyBytes from 'pretty-bytes';
import type { App } from '../app.js';
import type { TableVerdict } from '../build/judge.js';
import { bytesOf, planDay } from '../build/planning.js';
import { chunksToDo } from '../core/chunks.js';
import type { Day } from '../core/day.js';
import type { Chunk } from '../core/messages.js';
import { busyMs } from '../core/throughput.js';
import { duration, heldSince, plural } from '../core/words.js';
import { isFinal, messageOf } from '../errors.js';
import { openLedgerReport } from '../io/ledger-report.js';
import { assertApplied } from '../project/apply.js';

/** Commands shown. */
const NEXT_SHOWN = 5;

/** What a run of a day would do now. */
export interface DayForecast {
  day: Day;
  /** `code`: nothing but SQL differs, so only a forced run builds it. `held`: so is this. `fails`: a run could not even begin. */
  outcome: 'build' | 'code' | 'unchanged' | 'skipped' | 'held' | 'fails';
  /** Tables that are not as they would be made now, upstream first. */
  tables: Pick<TableVerdict, 'table' | 'staleness' | 'reason'>[];
  /** Raw objects that would be normalized, and their bytes. */
  toRead: { objects: number; bytes: number };
  notes: string[];
  /** What a person types; '' where nothing is to be done. */
  command: string;
}

export interface Forecast {
  days: DayForecast[];
  /** Milliseconds that the days would take, as the newest builds did; null where none was ever built, 0 where nothing is to do. */
  estimate: { ms: number; builds: number } | null;
  /** Over all days: a chunk that two days need is read once. */
  toRead: { chunks: number; objects: number; bytes: number };
}

/** What a run is for. */
export interface Purpose {
  /** Rebuild every table. */
  force: boolean;
  /** Build also what differs by code alone, as a backfill does. */
  code: boolean;
}

/** Judges the days in ascending order, as a night would run them: a day that is built anew moves those that look back on it. */
export async function forecast(
  app: App,
  asked: readonly Day[],
  { force, code }: Purpose = { force: false, code: false },
): Promise<Forecast> {
  const { dependencies: deps, ledger } = app;
  const project = await deps.loadProject();
  const schema = await deps.readSchema(project);
  await assertApplied(schema, app.clickhouse, project.config.database);
  const [first = '', last = ''] = [asked[0], asked.at(-1)];
  const open = new Set((asked.length === 0 ? [] : await ledger.openIntents(first, last)).map(({ day }) => day));
  const holds = asked.length === 0 ? [] : await ledger.holds(first, last);
  const held = new Map(holds.map((hold) => [hold.day, hold]));
  const moving = new Set<string>();
  const todo = new Map<string, Chunk>();
  const days: DayForecast[] = [];
  for (const day of asked) {
    const run = `npx daybook run --day ${day}`;
    const left = open.has(day) ? ['its publish was left open by a crash, and is ended first'] : [];
    const hold = held.get(day);
    if (hold) {
      const command = left.length > 0 ? run : '';
      days.push({ day, outcome: 'held', tables: [], toRead: NOTHING, notes: [...left, heldSince(hold)], command });
      continue;
    }
    try {
      const planned = await planDay(deps, { project, schema, day, force, code, moving });
      const { tables, notes } = planned.verdict;
      const stale = tables.filter(({ staleness }) => force || staleness !== 'fresh');
      const outcome = planned.outcome === 'unchanged' && stale.length > 0 ? 'code' : planned.outcome;
      const chunks =
        outcome === 'build'
          ? chunksToDo(planned.plan).map(({ source, chunk }) => [`${source.name}/${chunk.id}`, chunk] as const)
          : [];
      for (const [id, chunk] of chunks) todo.set(id, chunk);
      if (outcome === 'build')
        for (const { table, staleness } of stale) if (code || staleness !== 'code') moving.add(`${table}@${day}`);
      days.push({
        day,
        outcome,
        tables: stale.map(({ table, staleness, reason }) => ({
          ...{ table, staleness },
          reason: reason === '' ? `${table}: forced` : reason,
        })),
        toRead: sizeOf(chunks.map(([, chunk]) => chunk)),
        notes: [...left, ...planned.listings.flatMap((listing) => listing.notes), ...(outcome === 'code' ? [] : notes)],
        command: outcome === 'code' ? `${run} --force` : outcome === 'build' || left.length > 0 ? run : '',
      });
    } catch (error) {
      if (!isFinal(error)) throw error;
      days.push({
        day,
        outcome: 'fails',
        tables: [],
        toRead: NOTHING,
        notes: [...left, messageOf(error)],
        command: left.length > 0 ? run : '',
      });
    }
  }
  return {
    days,
    estimate: await estimate(app, days.filter(({ outcome }) => outcome === 'build').length),
    toRead: { chunks: todo.size, ...sizeOf([...todo.values()]) },
  };
}

/** Builds that an estimate is made from. */
const NEWEST = 50;

/** From past throughput: the time in which the newest builds were under way, side by side or not, shared among them. */
async function estimate({ clickhouse, ledger }: App, builds: number): Promise<Forecast['estimate']> {
  const past = await openLedgerReport(clickhouse, ledger.project).buildTimes(NEWEST);
  return past.length === 0 ? null : { ms: Math.round((builds * busyMs(past)) / past.length), builds: past.length };
}

const NOTHING = { objects: 0, bytes: 0 };

const sizeOf = (chunks: readonly Chunk[]) => ({
  objects: chunks.reduce((sum, { objects }) => sum + objects.length, 0),
  bytes: bytesOf(chunks),
});

const OUTCOMES: Record<DayForecast['outcome'], string> = {
  build: 'build',
  code: 'stale (code)',
  unchanged: 'unchanged',
  skipped: 'skipped',
  held: 'held',
  fails: 'would fail',
};

/** @param next what to type, in order. */
export function forecastText(
  { days, toRead, estimate: expected }: Forecast,
  earlier: number,
  next: readonly string[],
): string {
  return [
    ...days.flatMap(({ day, outcome, tables, toRead: read, notes }) => [
      `${day}  ${OUTCOMES[outcome]}${read.objects > 0 ? `, ${amount(read)} to read` : ''}`,
      ...tables.map(({ reason }) => `            ${reason}`),
      ...notes.map((one) => `            ${one}`),
    ]),
    ...(earlier > 0 ? [`${earlier} earlier days were not looked at: npx daybook plan --start YYYY-MM-DD`] : []),
    `To read: ${amount(toRead)} in ${plural(toRead.chunks, 'chunk')}. Nothing was changed.`,
    ...(expected && expected.ms > 0
      ? [`It would take about ${duration(expected.ms)}, as the last ${plural(expected.builds, 'build')} did.`]
      : []),
    ...(next.length > 0 ? ['Next:', ...next.slice(0, NEXT_SHOWN).map((command) => `  ${command}`)] : []),
    ...(next.length > NEXT_SHOWN ? [`  and ${next.length - NEXT_SHOWN} more`] : []),
  ].join('\n');
}

const amount = ({ objects, bytes }: { objects: number; bytes: number }) =>
  `${objects} ${objects === 1 ? 'object' : 'objects'}, ${prettyBytes(bytes, { binary: true })}`;
