const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** The five fields in order: least and most value, and names for the values from the least on. */
const FIELDS: readonly { least: number; most: number; names?: readonly string[] }[] = [
  { least: 0, most: 59 },
  { least: 0, most: 23 },
  { least: 1, most: 31 },
  { least: 1, most: 12, names: MONTHS },
  { least: 0, most: 7, names: WEEKDAYS },
];

/** Returns true for five cron fields as a Temporal schedule accepts them: values, names, ranges, lists and steps. */
export const isCron = (text: string): boolean => {
  const fields = text.trim().split(/\s+/);
  return fields.length === FIELDS.length && fields.every((field, index) => valuesOf(field, index) !== undefined);
};

/** Lists the hours of the day at which a valid cron expression fires, ascending. */
export const hoursOf = (text: string): number[] => valuesOf(text.trim().split(/\s+/)[1] ?? '', 1) ?? [];

function valuesOf(field: string, index: number): number[] | undefined {
  const values = new Set<number>();
  for (const part of field.split(',')) {
    const range = cronRange(part, index);
    if (!range) return undefined;
    for (let value = range.first; value <= range.last; value += range.step) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}

function cronRange(part: string, index: number): { first: number; last: number; step: number } | undefined {
  const { least, most, names = [] } = FIELDS[index] ?? { least: 0, most: -1 };
  const [, from, to, by] = /^(\*|\w+)(?:-(\w+))?(?:\/(\d+))?$/.exec(part) ?? [];
  if (from === undefined) return undefined;
  const number = (word: string) => {
    const named = names.indexOf(word.toLowerCase());
    return named >= 0 ? named + least : /^\d+$/.test(word) ? Number(word) : NaN;
  };
  const first = from === '*' ? least : number(from);
  const last = from === '*' || (to === undefined && by !== undefined) ? most : number(to ?? from);
  const step = Number(by ?? 1);
  const valid = first >= least && last <= most && first <= last && step >= 1 && !(from === '*' && to !== undefined);
  return valid ? { first, last, step } : undefined;
}
