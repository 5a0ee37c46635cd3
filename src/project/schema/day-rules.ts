import { DateTime } from 'luxon';
import type { Column } from '../../clickhouse/column.js';
import { bare, parseType } from '../../conversions/column-types.js';
import { timeOf } from '../../conversions/times.js';
import { plural } from '../../shared/format.js';
import { warning } from '../problems.js';
import type { Problem, SqlFile } from '../project.js';
import { placeOf, withoutComments } from '../sql/place.js';
import type { QueryTree } from './query-tree.js';

/* Which days a SELECT reads, and in which zone it cuts them: what runs without an error and gives other numbers than were meant. */

/** The parameter, in parentheses or not. */
const DAY = String.raw`(?:toDate\(\s*)?\{\s*day\s*:\s*Date\s*\}\s*\)?`;
const UNITS: Readonly<Record<string, number>> = { DAY: 1, WEEK: 7, MONTH: 31, QUARTER: 92, YEAR: 366 };

/** Expressions for a day before the built one. Groups: `after` for `>`, `count` and `unit`; the start of a period has only `unit`. */
const EARLIER: readonly RegExp[] = [
  String.raw`(?<after>>(?!=)\s*)?${DAY}\s*-\s*(?<count>\d+)\b(?!\s*AS\b)`,
  String.raw`(?<after>>(?!=)\s*)?${DAY}\s*-\s*INTERVAL\s+'?(?<count>\d+)'?\s+(?<unit>DAY|WEEK|MONTH|QUARTER|YEAR)`,
  String.raw`(?<after>>(?!=)\s*)?${DAY}\s*-\s*toInterval(?<unit>Day|Week|Month|Quarter|Year)\(\s*(?<count>\d+)`,
  String.raw`(?<after>>(?!=)\s*)?subtract(?<unit>Day|Week|Month|Quarter|Year)s\(\s*${DAY}\s*,\s*(?<count>\d+)`,
  String.raw`(?<after>>(?!=)\s*)?add(?<unit>Day|Week|Month|Quarter|Year)s\(\s*${DAY}\s*,\s*-\s*(?<count>\d+)`,
  String.raw`(?:>=|BETWEEN)\s*to(?:StartOf|Last)?(?<unit>Monday|Week|Month|Quarter|Year)\(\s*${DAY}`,
].map((pattern) => new RegExp(pattern, 'gi'));

/** Expressions for a day after the built one. */
const LATER = new RegExp(
  String.raw`${DAY}\s*\+\s*(?:[1-9]\d*\b(?!\s*AS\b)|INTERVAL\s+'?[1-9])|addDays\(\s*${DAY}\s*,\s*[1-9]`,
  'i',
);

/** Warns if a model or test reads days that its lookback does not cover: these days are empty, so its numbers are too small. */
export function dayReadProblems(file: SqlFile): Problem[] {
  const { path, header } = file;
  const sql = withoutComments(file.select);
  const reads = EARLIER.flatMap((pattern) => [...sql.matchAll(pattern)]).map((found) => ({
    days: daysBefore(found.groups ?? {}),
    text: found[0],
  }));
  const farthest = reads.reduce((most, one) => (one.days > most.days ? one : most), { days: 0, text: '' });
  const problems: Problem[] = [];
  if (farthest.days > header.lookback)
    problems.push(
      warning(
        placeOf(file, patternOf(farthest.text)),
        `reads up to ${plural(farthest.days, 'day')} before the built one, but declares ${header.lookback === 0 ? 'none' : plural(header.lookback, 'day')}: days that are not declared are empty`,
        `Write at the head of ${path}: -- lookback: ${plural(farthest.days, 'day')}`,
      ),
    );
  const [later] = LATER.exec(sql) ?? [];
  if (later !== undefined)
    problems.push(
      warning(
        placeOf(file, patternOf(later)),
        'reads days after the built one, which a build never has',
        'Read only earlier days, in the model of the later day.',
      ),
    );
  return [...problems, ...shadowedDayProblems(file, sql)];
}

function daysBefore({ after, count, unit = 'DAY' }: Record<string, string | undefined>): number {
  const period = unit.toUpperCase() === 'MONDAY' ? 7 : (UNITS[unit.toUpperCase()] ?? 1);
  // A period of N days begins N - 1 days before its last.
  if (count === undefined) return period - 1;
  return Number(count) * period - (after === undefined ? 0 : 1);
}

const patternOf = (text: string): RegExp => new RegExp(text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));

const DAY_AS_DAY = new RegExp(String.raw`${DAY}\s+(?:AS\s+)?[\x60"]?day\b`, 'i');
const FILTERED = /\b(?:PRE)?WHERE\b[^]*?(?<![.{\w])[`"]?\bday\b[`"]?(?!\s*:)/i;

/** Warns about an alias that hides a column: `{day:Date} AS day … WHERE day = {day:Date}` is true for every row of the lookback. */
function shadowedDayProblems(file: SqlFile, sql: string): Problem[] {
  const at = sql.search(DAY_AS_DAY);
  if (file.header.lookback === 0 || at < 0 || !FILTERED.test(selectAround(sql, at))) return [];
  return [
    warning(
      placeOf(file, DAY_AS_DAY),
      'aliases {day:Date} as day, so that its filter on day compares the parameter with itself and reads all declared days',
      'Qualify the column in the filter, as in WHERE events.day = {day:Date}, or select the column day itself.',
    ),
  ];
}

/** What joins two SELECTs. */
const NEXT_SELECT = /^\s(?:UNION|INTERSECT|EXCEPT)\s/i;
const LONGEST_OPERATOR = ' INTERSECT '.length;

/** Returns the rest of the SELECT around a position, without nested and following SELECTs, which do not see its aliases. */
function selectAround(sql: string, at: number): string {
  let depth = 0;
  let rest = '';
  let hidden: number | undefined;
  for (let index = at; index < sql.length && depth >= 0; index++) {
    const character = sql.charAt(index);
    if (character === ')' && --depth === hidden) hidden = undefined;
    if (character === '(' && hidden === undefined && /^\(\s*(SELECT|WITH)\b/i.test(sql.slice(index))) hidden = depth;
    if (character === '(') depth++;
    if (depth === 0 && NEXT_SELECT.test(sql.slice(index, index + LONGEST_OPERATOR))) break;
    if (hidden === undefined) rest += character;
  }
  return rest;
}

/** Where a day may be cut. */
const DAY_CUT = /\btoDate(?:32)?\s*\(|::\s*Date(?:32)?\b|\b(?:accurate)?Cast\w*\s*\(|\bAS\s+[`"]?day\b/i;

/**
 * Warns if a day is cut in another zone than the project's: then some hours of each day count as the neighbouring day. A `day` that is a
 * time, such as `toStartOfDay(ts)`, becomes a date in its own zone.
 */
export function dayZoneProblems(
  file: SqlFile,
  { dayCuts }: Pick<QueryTree, 'dayCuts'>,
  zone: string,
  selected: readonly Column[],
): Problem[] {
  const day = bare(parseType(selected.find(({ name }) => name === 'day')?.type ?? 'Date'));
  const cuts = day.base.startsWith('DateTime')
    ? [...dayCuts, { column: '', zone: timeOf(day).zone.replaceAll("'", '') }]
    : dayCuts;
  return [...new Set(cuts.map((cut) => cut.zone))]
    .filter((cut) => !sameClock(cut, zone))
    .map((cut) => {
      const column = cuts.find((one) => one.zone === cut)?.column ?? '';
      const shown = column === '' ? 'a time' : column;
      return warning(
        placeOf(file, DAY_CUT),
        `cuts days of ${shown} in ${cut}, but the project's zone is ${zone}`,
        `Write toDate(${column === '' ? '…' : column}, '${zone}'), or declare the column with that zone.`,
      );
    });
}

const WEEK = 7 * 86_400_000;
/** One moment of each week of the years from which events are likely: zones that agree today may have differed, as Riyadh and Istanbul. */
const WEEKS = Array.from({ length: 52 * 38 }, (_, week) => Date.UTC(2000, 0, 1) + week * WEEK);

/** Returns true if two zones have had the same UTC offset since 2000. */
function sameClock(one: string, other: string): boolean {
  const offset = (zone: string, at: number) => DateTime.fromMillis(at, { zone }).offset;
  return one === other || WEEKS.every((at) => offset(one, at) === offset(other, at));
}
