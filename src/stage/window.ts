import { literal } from '../clickhouse/text.js';
import { addDays } from '../shared/day.js';

/**
 * The SETTINGS clause that limits every table of a stage to the days that one reader declared, whatever others declared and had
 * copied there. The filter holds in CTEs, joins, `IN` and views (tried). A model sees of itself only what is earlier. It is no
 * setting of the request, because those travel in the address, which has room for the filters of a few tables.
 *
 * @param tables by their full names, `database.table`; a short name would also hold for whatever has it as its alias
 */
export function windowOf(tables: readonly string[], day: string, lookback: number, self?: string): string {
  const first = addDays(day, -lookback);
  const until = (name: string) => (name === self ? addDays(day, -1) : day);
  const filters = tables.map(
    (of) => `${literal(of)}: ${literal(`day BETWEEN toDate('${first}') AND toDate('${until(of)}')`)}`,
  );
  return `SETTINGS additional_table_filters = {${filters.join(', ')}}`;
}
