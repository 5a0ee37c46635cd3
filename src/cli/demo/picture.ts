import type { ClickHouse } from '../../clickhouse/client.js';
import { numberText } from '../../shared/format.js';

/** One bar: its label, its value in euros, and the text beside it. */
export interface Bar {
  label: string;
  value: number;
  beside: string;
}

/** Eighths of a block, from zero to seven. */
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** Draws a bar of `value` where `most` fills `width` cells, padded to the width; a value above zero is always visible. */
export function bar(value: number, most: number, width: number): string {
  if (most <= 0 || value <= 0) return ' '.repeat(width);
  const eighths = Math.max(1, Math.round((value / most) * width * 8));
  return ('█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '')).padEnd(width);
}

/** Draws bars of equal width below a heading. */
export function chart(heading: string, bars: readonly Bar[], width: number): string[] {
  const most = Math.max(0, ...bars.map(({ value }) => value));
  const widest = (texts: readonly string[]) => Math.max(0, ...texts.map((text) => text.length));
  const labels = widest(bars.map(({ label }) => label));
  const besides = widest(bars.map(({ beside }) => beside));
  const lines = bars.map(
    ({ label, value, beside }) => `${label.padEnd(labels)} ${bar(value, most, width)} ${beside.padStart(besides)}`,
  );
  return [heading.padEnd(widest(lines)), ...lines];
}

/** Puts two charts side by side. */
export function beside(left: readonly string[], right: readonly string[], gap: number): string[] {
  const width = Math.max(...left.map((line) => line.length));
  return Array.from({ length: Math.max(left.length, right.length) }, (_, index) =>
    `${(left[index] ?? '').padEnd(width)}${' '.repeat(gap)}${right[index] ?? ''}`.trimEnd(),
  );
}

const weekday = (day: string) =>
  new Intl.DateTimeFormat('en-GB', { weekday: 'short', timeZone: 'UTC' }).format(new Date(`${day}T00:00:00Z`));

const inEuros = (euros: number) => `${numberText(euros)} €`;

/** Cells of the longest bar. */
const BAR = 20;

/** Draws revenue by day and by country, from the published tables. */
export async function picture(clickhouse: ClickHouse, database: string, days: readonly string[]): Promise<string[]> {
  const params = { first: days[0] ?? '', last: days.at(-1) ?? '' };
  const byDay = await clickhouse.rows<{ day: string; euros: number; orders: string }>(
    {
      sql: `SELECT day, toFloat64(revenue) AS euros, orders FROM daily_summary
WHERE day BETWEEN {first:Date} AND {last:Date} ORDER BY day`,
      params,
    },
    { database, what: 'read daily_summary' },
  );
  const byCountry = await clickhouse.rows<{ name: string; euros: number }>(
    {
      sql: `SELECT if(country = '', '?', country) AS name, toFloat64(sum(revenue)) AS euros FROM daily_sales
WHERE day BETWEEN {first:Date} AND {last:Date} GROUP BY name ORDER BY euros DESC LIMIT 5`,
      params,
    },
    { database, what: 'read daily_sales' },
  );
  const left = byDay.map(({ day, euros, orders }) => ({
    label: `${weekday(day)} ${day}`,
    value: euros,
    beside: `${inEuros(euros)} ${orders.padStart(4)} orders`,
  }));
  const right = byCountry.map(({ name, euros }) => ({ label: name, value: euros, beside: inEuros(euros) }));
  return beside(
    chart('Revenue by day (daily_summary)', left, BAR),
    chart('Revenue by country (daily_sales)', right, BAR),
    5,
  );
}
