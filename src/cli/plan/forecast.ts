import type { App } from '../../app.js';
import { ask } from '../../clickhouse/question.js';
import { isFinal, textOf } from '../../errors.js';
import { openLedgerReport } from '../../ledger/report/index.js';
import { paceOf } from '../../ledger/report/throughput.js';
import { chunksToDo } from '../../plan/cover.js';
import type { TableVerdict } from '../../plan/judge.js';
import type { Chunk } from '../../plan/plan.js';
import { bytesOf, planDay } from '../../plan/planning.js';
import { assertApplied, liveTables } from '../../project/apply/apply.js';
import { longestLookbackOf } from '../../project/project.js';
import { command, type Command } from '../../shared/commands.js';
import { addDays, EVER, rangesOf, type Day } from '../../shared/day.js';
import { durationText, numberText, plural, sizeText } from '../../shared/format.js';
import { NO_CHOICE, type VanishedChoice } from '../../shared/inputs/choice.js';
import { tableDay } from '../../shared/names.js';
import { heldSince } from '../../shared/notes.js';
import { isCommand, type Text } from '../../shared/sentence.js';
import { typed, worded } from '../common/output.js';

/** Commands that are shown. */
const NEXT_SHOWN = 5;

/** Predicts what a run of a day would do now. */
export interface DayForecast {
  day: Day;
  /** `code`: only the SQL changed, which a backfill builds. `test`: tests run on the published day. `held`: no run builds it. `fails`: a run could not start. */
  outcome: 'build' | 'code' | 'test' | 'unchanged' | 'skipped' | 'held' | 'fails';
  /** Stale tables, upstream first. */
  tables: Pick<TableVerdict, 'table' | 'staleness' | 'reason'>[];
  /** Raw objects that would be normalized, and their bytes. */
  toRead: { objects: number; bytes: number };
  notes: Text[];
  /** The next command; '' if there is nothing to do. */
  command: Command | '';
}

export interface Forecast {
  days: DayForecast[];
  /** Later days that would then be rebuilt because they look back on rebuilt days; see {@link Purpose}. */
  later: DayForecast[];
  /** Estimated milliseconds, from the newest builds; null if nothing was ever built, 0 if there is nothing to do. */
  estimate: { ms: number; builds: number } | null;
  /** Over all days: a chunk that two days need counts once. */
  toRead: { chunks: number; objects: number; bytes: number };
}

/** The purpose of a run. */
export interface Purpose {
  /** Rebuild every table. */
  force: boolean;
  /** Also build what is stale only by code, as a backfill does. */
  code: boolean;
  /** The user's choice about vanished objects; applies to the requested days only. */
  choice?: VanishedChoice;
  /**
   * The last day of the range. A backfill continues with later published days that look back on what it has built, and, if it
   * runs the whole range, with those that were already stale.
   */
  beyond?: { end: Day; whole: boolean };
}

/** Predicts runs of the days in ascending order: a day that is rebuilt makes the days that look back on it stale. */
export async function forecast(
  app: App,
  asked: readonly Day[],
  { force, code, choice = NO_CHOICE, beyond }: Purpose = { force: false, code: false },
): Promise<Forecast> {
  const { dependencies: deps, ledger } = app;
  const project = await deps.loadProject();
  const schema = await deps.readSchema(project);
  const { database } = project.config;
  assertApplied(schema, await ask(app.clickhouse, liveTables(database)), database);
  const published = beyond ? await ledger.currentPublishes(addDays(beyond.end, 1), EVER[1]) : [];
  const after = [...new Set(published.map(({ day }) => day))].sort();
  const [first, last] = [asked[0] ?? after[0], after.at(-1) ?? asked.at(-1)];
  const known = first !== undefined && last !== undefined;
  const unfinished = new Set((known ? await ledger.openIntents(first, last) : []).map(({ day }) => day));
  const held = new Map((known ? await ledger.holds(first, last) : []).map((hold) => [hold.day, hold]));
  const moving = new Set<string>();
  const todo = new Map<string, Chunk>();

  /** Predicts one day; adds the tables that it would rebuild to `moving`. */
  async function forecastDay(day: Day, how: Omit<Purpose, 'beyond'>): Promise<DayForecast> {
    const run = command.run(day);
    const unfinishedNote = unfinished.has(day) ? ['its publish is unfinished, and is recovered first'] : [];
    const hold = held.get(day);
    const as = (outcome: 'held' | 'fails', note: Text): DayForecast => ({
      ...{
        day,
        outcome,
        tables: [],
        toRead: NOTHING,
        notes: [...unfinishedNote, note],
        command: unfinishedNote.length > 0 ? run : '',
      },
    });
    if (hold) return as('held', heldSince(hold));
    try {
      const planned = await planDay(deps, { project, schema, day, ...how, moving });
      const { tables, notes } = planned.verdict;
      const stale = tables.filter(({ staleness }) => how.force || staleness !== 'fresh');
      const settled = stale.length > 0 ? 'code' : planned.untested.length > 0 ? 'test' : 'unchanged';
      const outcome = planned.outcome === 'unchanged' ? settled : planned.outcome;
      if (outcome === 'code' && planned.lost !== undefined) return as('fails', planned.lost);
      const chunks =
        outcome === 'build'
          ? chunksToDo(planned.plan).map(({ source, chunk }) => [`${source.name}/${chunk.id}`, chunk] as const)
          : [];
      for (const [id, chunk] of chunks) todo.set(id, chunk);
      if (outcome === 'build')
        for (const { table, staleness } of stale)
          if (how.code || staleness !== 'code') moving.add(tableDay(table, day));
      return {
        day,
        outcome,
        tables: stale.map(({ table, staleness, reason }) => ({
          ...{ table, staleness },
          reason: reason === '' ? `${table}: forced` : reason,
        })),
        toRead: sizeOfChunks(chunks.map(([, chunk]) => chunk)),
        notes: [
          ...unfinishedNote,
          ...planned.listings.flatMap((listing) => listing.notes),
          ...(outcome === 'code' ? [] : notes),
          ...toTest(planned.untested),
        ],
        // A forced run would rebuild every table.
        command:
          outcome === 'code' ? command.backfill(day, day) : DOES.has(outcome) || unfinishedNote.length > 0 ? run : '',
      };
    } catch (error) {
      if (!isFinal(error)) throw error;
      return as('fails', textOf(error));
    }
  }

  const days: DayForecast[] = [];
  for (const day of asked) days.push(await forecastDay(day, { force, code, choice }));
  const later: DayForecast[] = [];
  const looksBack = longestLookbackOf(project);
  let moved = days.findLast(({ outcome }) => outcome === 'build')?.day;
  if (beyond?.whole) moved = beyond.end;
  for (const day of after) {
    if (moved === undefined || day > addDays(moved, looksBack)) break;
    const found = await forecastDay(day, { force: false, code: false });
    if (found.outcome === 'build') moved = day;
    if (found.outcome === 'build' || found.outcome === 'fails') later.push(found);
  }
  const toRead = { chunks: todo.size, ...sizeOfChunks([...todo.values()]) };
  const builds = [...days, ...later].filter(({ outcome }) => outcome === 'build').length;
  return { days, later, estimate: await estimate(app, builds, toRead.bytes), toRead };
}

/** Newest builds that an estimate uses. */
const NEWEST = 50;

/** Estimates the time from what the newest builds took and read, concurrent or not. */
async function estimate({ clickhouse, ledger }: App, builds: number, bytes: number): Promise<Forecast['estimate']> {
  const report = openLedgerReport(clickhouse, ledger.project);
  const past = await report.pastBuilds(NEWEST);
  const pace = paceOf(past, await report.chunksSince(Math.min(...past.map(({ from }) => from))));
  return pace ? { ms: Math.round(builds * pace.perBuild + bytes * pace.perByte), builds: past.length } : null;
}

/** Outcomes for which a run has something to do. */
const DOES: ReadonlySet<DayForecast['outcome']> = new Set(['build', 'test']);

/** Returns whether a backfill would do something about the day. */
export const hasWork = ({ outcome, command: next }: DayForecast): boolean =>
  outcome === 'code' || DOES.has(outcome) || next !== '';

/** Tests named in one line. */
const TESTS_NAMED = 5;

const toTest = (names: readonly string[]): string[] =>
  names.length === 0
    ? []
    : [
        `${plural(names.length, 'test')} to run on the published tables: ${names.slice(0, TESTS_NAMED).join(', ')}` +
          (names.length > TESTS_NAMED ? ', …' : ''),
      ];

const NOTHING = { objects: 0, bytes: 0 };

const sizeOfChunks = (chunks: readonly Chunk[]) => ({
  objects: chunks.reduce((sum, { objects }) => sum + objects.length, 0),
  bytes: bytesOf(chunks),
});

const OUTCOMES: Record<DayForecast['outcome'], string> = {
  build: 'build',
  code: 'stale (code)',
  test: 'test',
  unchanged: 'unchanged',
  skipped: 'skipped',
  held: 'held',
  fails: 'would fail',
};

/** @param next the next commands, in order */
export function forecastText(
  { days, later, toRead, estimate: expected }: Forecast,
  earlier: number,
  next: readonly Command[],
): string {
  return [
    ...dayLines(days),
    ...(later.length > 0 ? ['Then the later days that look back on them:', ...dayLines(later)] : []),
    ...(earlier > 0
      ? [
          `${plural(earlier, 'earlier day')} ${earlier === 1 ? 'is' : 'are'} not shown. To include them: ${typed(command.plan('--start', 'YYYY-MM-DD'))}`,
        ]
      : []),
    `To read: ${amount(toRead)} in ${plural(toRead.chunks, 'chunk')}. Nothing was changed.`,
    ...(expected && expected.ms > 0
      ? [`Estimated time: ${durationText(expected.ms)}, from the last ${plural(expected.builds, 'build')}.`]
      : []),
    ...(next.length > 0 ? ['Next:', ...next.slice(0, NEXT_SHOWN).map((one) => `  ${typed(one)}`)] : []),
    ...(next.length > NEXT_SHOWN ? [`  and ${numberText(next.length - NEXT_SHOWN)} more`] : []),
  ].join('\n');
}

/** A text about a day, without the day: in sentences, keys and names. */
const withoutDay = (text: string, day: Day): string =>
  [day, day.replaceAll('-', '/'), day.replaceAll('-', '')].reduce((rest, form) => rest.replaceAll(form, 'DAY'), text);

/** One paragraph for each day; days that follow each other and say the same, each of itself, share the one of the first. */
function dayLines(days: readonly DayForecast[]): string[] {
  const groups: { first: Day; last: Day; lines: string[]; same: string; each: string }[] = [];
  for (const { day, outcome, tables, toRead, notes } of days) {
    const lines = [
      `${OUTCOMES[outcome]}${toRead.objects > 0 ? `, ${amount(toRead)} to read` : ''}`,
      ...[...tables.map(({ reason }) => reason), ...notes.map(worded)].map((one) => `            ${one}`),
    ];
    const before = groups.at(-1);
    const same = withoutDay(lines.join('\n'), day);
    const named = same === lines.join('\n') ? '' : `; of ${day}:`;
    if (before && addDays(before.last, 1) === day && before.same === same) before.last = day;
    else
      groups.push({ first: day, last: day, lines, same, each: `${toRead.objects > 0 ? ' for each day' : ''}${named}` });
  }
  return groups.flatMap(({ first, last, lines: [head = '', ...rest], each }) => [
    first === last ? `${first}  ${head}` : `${first} to ${last}  ${head}${each}`,
    ...rest,
  ]);
}

/**
 * What a person types for the days: one command for days that follow each other. Days that differ by code alone take a backfill,
 * which rebuilds only the tables that changed; it also covers days between them, since it leaves those as they are, but none that
 * would fail.
 */
export function commandsFor(days: readonly DayForecast[]): Command[] {
  const stale: { start: Day; end: Day }[] = [];
  let cut = true;
  for (const { day, outcome } of days) {
    if (outcome === 'fails') cut = true;
    if (outcome !== 'code') continue;
    const open = cut ? undefined : stale.at(-1);
    if (open) open.end = day;
    else stale.push({ start: day, end: day });
    cut = false;
  }
  const rest = days.filter((one) => one.outcome !== 'code' && isCommand(one.command));
  const ranges = rangesOf(rest.map(({ day }) => day)).map(({ start, end }) => {
    const alone = rest.find(({ day }) => day === start)?.command;
    return start === end && isCommand(alone) ? alone : command.backfill(start, end);
  });
  return [...ranges, ...stale.map(({ start, end }) => command.backfill(start, end))];
}

const amount = ({ objects, bytes }: { objects: number; bytes: number }) =>
  `${plural(objects, 'object')}, ${sizeText(bytes)}`;
