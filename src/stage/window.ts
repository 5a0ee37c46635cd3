import { literal } from '../clickhouse/text.js';
import { addDays } from '../shared/day.js';

/**
 * Writes the SETTINGS clause that limits every table of a stage to the days that one reader declares, whatever else was copied there
 * for other readers. The filter works in CTEs, joins, `IN` and views (tested). Of itself, a model sees only earlier days. It is not a
 * setting of the request, because those are in the URL, which has room for the filters of only a few tables.
 *
 * @param tables full names, `database.table`; a short name would also match an alias
 */
export function windowOf(tables: readonly string[], day: string, lookback: number, self?: string): string {
  const first = addDays(day, -lookback);
  const until = (name: string) => (name === self ? addDays(day, -1) : day);
  const filters = tables.map(
    (of) => `${literal(of)}: ${literal(`day BETWEEN toDate('${first}') AND toDate('${until(of)}')`)}`,
  );
  return `SETTINGS additional_table_filters = {${filters.join(', ')}}`;
}
