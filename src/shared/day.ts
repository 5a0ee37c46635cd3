import { DateTime, IANAZone } from 'luxon';
import type { Day } from './iso-day.js';

export { isDay, type Day } from './iso-day.js';

/** The days that the engine's `Date` can hold, from the first to the last. */
export const EVER: readonly [first: Day, last: Day] = ['1970-01-01', '2149-06-06'];

/** The day `count` days after `day` (before it, when negative): calendar arithmetic, so a 23-hour day is a day. */
export const addDays = (day: Day, count: number): Day => at(day).plus({ days: count }).toISODate() ?? day;

/** All days from `first` to `last`, both inclusive; empty when `last` is earlier. */
export function daysBetween(first: Day, last: Day): Day[] {
  const days: Day[] = [];
  for (let day = first; day <= last; day = addDays(day, 1)) days.push(day);
  return days;
}

/** `20261110`: the form of a day inside names of databases and tables. */
export const compactDay = (day: Day): string => day.replaceAll('-', '');

/** The calendar date that clocks in `zone` show at `instant`. */
export const dayIn = (zone: string, instant: Date): Day =>
  DateTime.fromJSDate(instant, { zone }).toISODate() ?? fail(`no date for ${instant.toISOString()} in zone ${zone}`);

/** The day that a night is for: the one before the date that clocks in `zone` show at the night's nominal time. */
export const nightFor = (zone: string, nominal: Date): Day => addDays(dayIn(zone, nominal), -1);

/** The instant at which clocks in `zone` show `time` (`HH:MM`) on `day`; in a gap of daylight saving, the moment after it. */
export const instantOf = (day: Day, time: string, zone: string): Date =>
  DateTime.fromISO(`${day}T${time}`, { zone }).toJSDate();

/** True for a zone that the IANA database knows. */
export const isZone = (zone: string): boolean => IANAZone.isValidZone(zone);

const at = (day: Day) => DateTime.fromISO(day, { zone: 'utc' });

function fail(message: string): never {
  throw new RangeError(message);
}

/** Days `start` to `end`, both inclusive. */
export interface DayRange {
  start: Day;
  end: Day;
}

/** Days as the fewest ranges of days that follow each other, ascending. */
export function rangesOf(days: readonly Day[]): DayRange[] {
  const ranges: DayRange[] = [];
  for (const day of [...new Set(days)].sort()) {
    const last = ranges.at(-1);
    if (last && addDays(last.end, 1) === day) last.end = day;
    else ranges.push({ start: day, end: day });
  }
  return ranges;
}
