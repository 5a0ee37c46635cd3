/** An ISO calendar date such as `2026-11-10`, in the project's time zone. */
export type Day = string;

/** The first and the last day that ClickHouse's `Date` can hold. */
export const EVER: readonly [first: Day, last: Day] = ['1970-01-01', '2149-06-06'];

const ISO_DAY = /^\d{4}-\d{2}-\d{2}$/;

/** True for a date that exists in the calendar, written `YYYY-MM-DD`; `2026-02-30` is not one. */
export function isDay(text: string): text is Day {
  if (!ISO_DAY.test(text)) return false;
  const midnight = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(text);
}
