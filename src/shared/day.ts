import { DateTime, IANAZone } from 'luxon';
import type { Day } from './iso-day.js';

export { EVER, isDay, type Day } from './iso-day.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Returns the day `count` days after `day` (before it, if negative), by calendar arithmetic: a 23-hour day is a day. */
export function addDays(day: Day, count: number): Day {
  // Not with Luxon: days are added hundreds of times while one is built.
  const midnight = Date.parse(`${day}T00:00:00Z`) + count * DAY_MS;
  return Number.isNaN(midnight) ? day : new Date(midnight).toISOString().replace(/T.*/, '');
}

/** Returns all days from `first` to `last`, both inclusive; empty if `last` is earlier. */
export function daysBetween(first: Day, last: Day): Day[] {
  const days: Day[] = [];
  for (let day = first; day <= last; day = addDays(day, 1)) days.push(day);
  return days;
}

/** Writes a day as `20261110`, the form used in names of databases and tables. */
export const compactDay = (day: Day): string => day.replaceAll('-', '');

/** Returns the calendar date in `zone` at `instant`. */
export const dayIn = (zone: string, instant: Date): Day =>
  DateTime.fromJSDate(instant, { zone }).toISODate() ?? fail(`no date for ${instant.toISOString()} in zone ${zone}`);

/** Returns the day that a nightly run is for: the day before its nominal time, in `zone`. */
export const nightFor = (zone: string, nominal: Date): Day => addDays(dayIn(zone, nominal), -1);

/** Returns the instant of `time` (`HH:MM`) on `day` in `zone`; the end of the gap if that time does not exist (daylight saving). */
export const instantOf = (day: Day, time: string, zone: string): Date =>
  DateTime.fromISO(`${day}T${time}`, { zone }).toJSDate();

/** True for a zone that the IANA database knows. */
export const isZone = (zone: string): boolean => IANAZone.isValidZone(zone);

function fail(message: string): never {
  throw new RangeError(message);
}

/** Days `start` to `end`, both inclusive. */
export interface DayRange {
  start: Day;
  end: Day;
}

/** Merges days into the fewest ranges of consecutive days, ascending. */
export function rangesOf(days: readonly Day[]): DayRange[] {
  const ranges: DayRange[] = [];
  for (const day of [...new Set(days)].sort()) {
    const last = ranges.at(-1);
    if (last && addDays(last.end, 1) === day) last.end = day;
    else ranges.push({ start: day, end: day });
  }
  return ranges;
}
