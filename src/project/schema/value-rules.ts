import type { Column } from '../../clickhouse/column.js';
import { filledColumns } from '../../conversions/chunk-columns.js';
import { bare, parseType, type ColumnType } from '../../conversions/column-types.js';
import { error, warning } from '../problems.js';
import type { Problem, SqlFile } from '../project.js';
import { callOf, placeOf, withoutComments } from '../sql/place.js';
import type { QueryTree } from './query-tree.js';

/* Rules for values of a SELECT that differ between builds, or that its table can't store. */

/** Types that Parquet, hence a chunk, has no form for (tested on 26.7). Of a JSON it keeps the text: the numbers in it change their types. */
const NOT_IN_CHUNKS =
  /^(Time|Time64|BFloat16|Interval\w+|Variant|Dynamic|JSON|AggregateFunction|QBit|Point|(Multi)?(LineString|Polygon)|Ring|Geometry)$/;

/** Checks that the columns that a normalizing SELECT fills can be stored in chunks. */
export const storedProblems = (path: string, columns: readonly Column[], selected: readonly Column[]): Problem[] =>
  filledColumns(columns, selected).flatMap(({ name, type }) => {
    const found = unstored(parseType(type));
    if (found === undefined) return [];
    return [
      error(
        path,
        `found the column ${name} of type ${found}, which normalized chunks can't store: they are Parquet`,
        'Declare another type, such as String. A model, or a MATERIALIZED column that is computed from it, may have this one.',
      ),
    ];
  });

const unstored = (type: ColumnType): string | undefined =>
  NOT_IN_CHUNKS.test(type.base)
    ? type.text
    : type.of.map((part) => unstored(part.type)).find((one) => one !== undefined);

/** Aggregate functions whose result depends on the order of the rows; with their combinators. */
const UNORDERED =
  /^(any|anyLast|any_value|anyHeavy|first_value|last_value|groupArray|groupArrayLast|groupArraySample|groupConcat|group_concat)(_respect_nulls|If|OrNull|OrDefault|Array)*$/i;
const LISTING = /^(groupArray|groupConcat|group_concat)/i;

/** What gives some of the rows. */
const PART_OF_ROWS = /\b(?:LIMIT|OFFSET)(?=\s+\d)|\bDISTINCT\s+ON\b/i;

/** Warns about results that depend on the order in which the engine reads rows. */
export function unorderedProblems(file: SqlFile, tree: QueryTree): Problem[] {
  const sql = withoutComments(file.select);
  const sorted = /\barray(Reverse)?Sort\s*\(|\bORDER\s+BY\b/i.test(sql);
  const problems = tree.functions
    .filter(({ name, type }) => type === 'aggregate' && UNORDERED.test(name) && !(sorted && LISTING.test(name)))
    .map(({ name }) =>
      warning(
        placeOf(file, callOf(name)),
        `calls ${name}(), whose result depends on the order of the rows: a rebuilt day may differ`,
        LISTING.test(name)
          ? `Sort its result, as in arraySort(${name}(…)).`
          : 'Write min(…), max(…), or argMax(…, ts) with a column that determines the order.',
      ),
    );
  const [part] = PART_OF_ROWS.exec(sql) ?? [];
  if (part !== undefined && !/\bORDER\s+BY\b/i.test(sql))
    problems.push(
      warning(
        placeOf(file, PART_OF_ROWS),
        `has ${/^o/i.test(part) ? 'an' : 'a'} ${part.toUpperCase().replaceAll(/\s+/g, ' ')} without an ORDER BY: which rows it returns depends on the order in which they are read`,
        'Add an ORDER BY over columns that make the order unique.',
      ),
    );
  return problems;
}

/**
 * Warns about a UNION whose SELECTs name the same columns in another order: ClickHouse matches them by position. Columns that the SELECT
 * around it does not read are not in the tree.
 */
export function unionProblems(file: SqlFile, { unions }: Pick<QueryTree, 'unions'>): Problem[] {
  const moved = unions.flatMap(([first = [], ...others]) =>
    others.flatMap((names) =>
      names.flatMap((name, index) =>
        name !== first[index] && first.includes(name) ? [{ name, instead: first[index] ?? '' }] : [],
      ),
    ),
  );
  return moved
    .slice(0, 1)
    .map(({ name, instead }) =>
      warning(
        placeOf(file, /\b(?:UNION|INTERSECT|EXCEPT)\b(?!\s*\()/i),
        `combines SELECTs of which one returns ${name} where the first returns ${instead}: columns are matched by position`,
        'Return the columns in one order, or name them with AS as the first SELECT does.',
      ),
    );
}

const isFloatType = (type: string) => /^Float(32|64)$|^BFloat16$/.test(bare(parseType(type)).base);
const isIntegerType = (type: string) => /^U?Int\d+$/.test(bare(parseType(type)).base);
const isState = (type: string) => bare(parseType(type)).base === 'AggregateFunction';

/** Checks columns that can store only some of the values that the SELECT returns, or none. */
export function fittingProblems(
  file: SqlFile,
  columns: readonly Column[],
  selected: readonly Column[],
  kind: 'normalized' | 'aggregate',
): Problem[] {
  return selected.flatMap(({ name, type: given }) => {
    const wanted = columns.find((column) => column.name === name)?.type;
    if (wanted === undefined || wanted === given) return [];
    const place = placeOf(file, new RegExp(String.raw`\bAS\s+[\x60"]?${name}\b`, 'i'));
    if (isState(given) !== isState(wanted))
      return [
        error(
          place,
          isState(given)
            ? `returns ${name} as ${given}, an aggregate state, which ${wanted} can't store`
            : `returns ${name} as ${given}, but its column stores an aggregate state, ${wanted}`,
          isState(given)
            ? 'Finish it: call the function without -State, or with -Merge.'
            : 'Use the type that the SELECT returns for the column.',
        ),
      ];
    if (isFloatType(given) && isIntegerType(wanted))
      return [
        warning(
          place,
          `returns ${name} as ${given}, but its column is ${wanted}: a value with a fraction ${kind === 'aggregate' ? 'fails the build' : 'rejects its row'}`,
          `Round it in the SELECT, as in toInt64(round(…)), or make the column ${bare(parseType(given)).text}.`,
        ),
      ];
    return [];
  });
}
