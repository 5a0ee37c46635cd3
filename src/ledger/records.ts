/** A record as JSON brings it: 64-bit integers arrive as text, because JavaScript's numbers would bend them. */
export type Wire<Row> = { [Field in keyof Row]: Row[Field] extends number ? number | string : Row[Field] };

/** The record of a row as it arrived: each number of it is named. */
export const counted = <Row>(row: Wire<Row>, ...numbers: readonly (keyof Row)[]): Row =>
  ({ ...row, ...Object.fromEntries(numbers.map((field) => [field, Number(row[field])])) }) as Row;

/** What of a publish is a number here: counts of rows fit one; hashes do not, and stay text. */
export const PUBLISH_COUNTS = ['generation', 'position', 'rows', 'archived_rows'] as const;

export const numbers = (map: Record<string, string>): Record<string, number> =>
  Object.fromEntries(Object.entries(map).map(([key, value]) => [key, Number(value)]));
