import { addDays, type Day } from './day.js';

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
