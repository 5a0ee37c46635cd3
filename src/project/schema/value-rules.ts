import type { Column } from '../../clickhouse/column.js';
import { bare, parseType } from '../../conversions/column-types.js';
import { error, warning } from '../problems.js';
import type { Problem, SqlFile } from '../project.js';
import { callOf, placeOf, withoutComments } from '../sql/place.js';
import type { QueryTree } from './query-tree.js';

/* Values of a SELECT that differ from build to build, or that its table can't hold. */

/** Aggregate functions whose result depends on the order in which rows come; with their combinators. */
const UNORDERED =
  /^(any|anyLast|any_value|anyHeavy|first_value|last_value|groupArray|groupArrayLast|groupArraySample|groupConcat|group_concat)(_respect_nulls|If|OrNull|OrDefault|Array)*$/i;
const LISTING = /^(groupArray|groupConcat|group_concat)/i;

/** A model should give the same rows from the same rows, whatever the order in which the engine reads them. */
export function unorderedProblems(file: SqlFile, tree: QueryTree): Problem[] {
  const sql = withoutComments(file.select);
  const sorted = /\barray(Reverse)?Sort\s*\(|\bORDER\s+BY\b/i.test(sql);
  const problems = tree.functions
    .filter(({ name, type }) => type === 'aggregate' && UNORDERED.test(name) && !(sorted && LISTING.test(name)))
    .map(({ name }) =>
      warning(
        placeOf(file, callOf(name)),
        `calls ${name}(), whose result depends on the order in which rows are read: a rebuilt day may differ`,
        LISTING.test(name)
          ? `Sort its result, as in arraySort(${name}(…)).`
          : 'Write min(…), max(…), or argMax(…, ts) with a column that decides.',
      ),
    );
  if (/\bLIMIT\s+\d/i.test(sql) && !/\bORDER\s+BY\b/i.test(sql))
    problems.push(
      warning(
        placeOf(file, /\bLIMIT\s+\d/i),
        'has a LIMIT without an ORDER BY: which rows stay depends on the order in which they are read',
        'Add an ORDER BY over columns that decide.',
      ),
    );
  return problems;
}

const isFloat = (type: string) => /^Float(32|64)$|^BFloat16$/.test(bare(parseType(type)).base);
const isInteger = (type: string) => /^U?Int\d+$/.test(bare(parseType(type)).base);
const isState = (type: string) => bare(parseType(type)).base === 'AggregateFunction';

/** Columns that can only take some of the values that the SELECT gives, or none. `aggregate`: what is lost fails the build. */
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
            ? `gives ${name} as ${given}, an aggregate state, which ${wanted} can't hold`
            : `gives ${name} as ${given}, but its column holds an aggregate state, ${wanted}`,
          isState(given)
            ? 'Finish it: call the function without -State, or with -Merge.'
            : 'Make the column of the type that the SELECT gives.',
        ),
      ];
    if (isFloat(given) && isInteger(wanted))
      return [
        warning(
          place,
          `gives ${name} as ${given}, but its column is ${wanted}: a value with a fraction ${kind === 'aggregate' ? 'fails the build' : 'rejects its row'}`,
          `Round it in the SELECT, as in toInt64(round(…)), or make the column ${bare(parseType(given)).text}.`,
        ),
      ];
    return [];
  });
}
