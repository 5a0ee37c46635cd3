import type { Column } from '../../clickhouse/column.js';
import { canCast } from '../../conversions/casts.js';
import { parseType } from '../../conversions/column-types.js';
import { either, error, meantBy, warning } from '../problems.js';
import type { Problem, SqlFile } from '../project.js';
import { callOf, placeOf } from '../sql/place.js';
import { isAllowed } from '../sql/statement-rules.js';
import type { QueryTree } from './query-tree.js';

/** Table functions that read nothing but their arguments. */
const HARMLESS = new Set([
  'numbers',
  'numbers_mt',
  'zeros',
  'zeros_mt',
  'generateSeries',
  'generate_series',
  'primes',
  'values',
  'null',
]);

/** Functions that read a table which they name in a text, where no order can see it. A dictionary has an order of its own. */
const HIDING = /^(joinGet(OrNull)?|hasColumnInTable|file|catboostEvaluate)$/;

/** Functions whose result depends on when, where or how often they run. */
const CHANGING =
  /^(now(64|InBlock|InBlock64)?|today|yesterday|UTCTimestamp|rand(32|64|omString.*|omFixedString|omPrintableASCII|Canonical|Constant|Uniform|Normal.*|LogNormal|Exponential|Poisson|Bernoulli|Binomial|NegativeBinomial|ChiSquared|StudentT|FisherF)?|generateU.*|generateSnowflakeID|generateSerialID|arrayShuffle|arrayPartialShuffle|arrayRandomSample|fuzzBits|rowNumberIn.*|blockNumber|hostName|uptime|queryID)$/;

/**
 * A normalizing SELECT works row by row: one line in, one row out. Only then does each line have one fate that can be counted.
 * Everything is refused that the engine names beside columns and FROM, so that a clause of a later ClickHouse is refused too.
 */
export function rowByRowProblems(path: string, raw: string, scratch: string, tree: QueryTree): Problem[] {
  const clauses = new Set(tree.clauses);
  if (tree.from === 'UNION' || tree.from === 'JOIN' || tree.from === 'ARRAY_JOIN')
    clauses.add(tree.from.replace('_', ' '));
  else if (tree.subqueries > 0) clauses.add('a subquery');
  for (const { name, type } of tree.functions)
    if (type === 'aggregate' || type === 'window') clauses.add(`the ${type} function ${name}`);
    else if (name === 'arrayJoin') clauses.add('arrayJoin()');
  const problems = [...clauses].map((clause) =>
    error(
      path,
      `found ${clause} in the normalizing SELECT, which works row by row`,
      clause === 'WHERE' || clause === 'PREWHERE'
        ? "Give skip_reason instead: a row where it is not '' is skipped and counted."
        : 'Move it into a model under sql/aggregates/; to enrich a row, use dictGet.',
    ),
  );
  const read = [
    ...tree.tables.map((table) => local(table, scratch)),
    ...tree.tableFunctions.map((name) => `${name}()`),
  ];
  if (problems.length === 0 && read.join() !== raw)
    problems.push(
      error(
        path,
        `reads ${read.length === 0 ? 'no table' : either(read)}, expected ${raw} alone`,
        `Write SELECT … FROM ${raw}.`,
      ),
    );
  return problems;
}

/** What a model or a test reads: tables of the project that readers see, by their names alone, and functions that are `allowed`. */
export function readProblems(
  path: string,
  scratch: string,
  tree: QueryTree,
  readable: ReadonlySet<string>,
  allowed: readonly string[],
): Problem[] {
  const strangers = tree.tables.map((table) => local(table, scratch)).filter((table) => !readable.has(table));
  const functions = tree.tableFunctions.filter((name) => !HARMLESS.has(name) && !isAllowed(name, allowed));
  const hiding = tree.functions
    .map(({ name }) => name)
    .filter((name) => HIDING.test(name) && !isAllowed(name, allowed));
  return [
    ...strangers.map((table) =>
      table.startsWith('raw_')
        ? error(
            path,
            `reads ${table}, which is empty outside of normalization`,
            `Read the normalized table ${table.slice(4)}.`,
          )
        : error(
            path,
            `reads ${table}, which is not one of the project's tables`,
            'Read tables of the project, by their names alone.',
          ),
    ),
    ...functions.map((name) =>
      error(
        path,
        `reads from ${name}(), whose content no build can reproduce or order`,
        `Read tables of the project, or allow it in the config: allowFunctions: ['${name}'].`,
      ),
    ),
    ...hiding.map((name) =>
      error(path, `calls ${name}(), which reads a table by a name in a text`, 'Write a JOIN, or use a dictionary.'),
    ),
  ];
}

/**
 * A dictionary over a table of the project holds what readers have when it happens to load: neither the day that is being built,
 * nor any that a rebuild could go back to. A normalizing SELECT has no other way to look something up.
 */
export const dictionaryProblems = (
  path: string,
  kind: 'normalized' | 'aggregate' | 'raw' | 'test',
  sources: readonly { dictionary: string; table: string }[],
): Problem[] =>
  sources.map(({ dictionary, table }) =>
    (kind === 'normalized' ? warning : error)(
      path,
      `reads the dictionary ${dictionary}, which is loaded from ${table} as readers have it, in no order with its builds`,
      kind === 'normalized'
        ? `Look it up in a model that reads ${table}, or load the dictionary from elsewhere.`
        : `Read ${table} itself, with a JOIN: then it is built first.`,
    ),
  );

/** Names of the project's tables among those that a SELECT reads. */
export const inputsOf = (scratch: string, tree: QueryTree, readable: ReadonlySet<string>): string[] =>
  tree.tables.map((table) => local(table, scratch)).filter((table) => readable.has(table));

/** A model that reads itself reads its earlier days; without a lookback it has none. */
export const selfProblems = (path: string, name: string, lookback: number, inputs: readonly string[]): Problem[] =>
  lookback === 0 && inputs.includes(name)
    ? [
        error(
          path,
          `reads itself (${name}), but declares no earlier days, so that it would read nothing`,
          "Add '-- lookback: 1 day' at the head of the file: then it reads its day before.",
        ),
      ]
    : [];

/** A second run on the same input should give the same rows, else a rebuilt day differs without a reason. */
export const changingProblems = (file: SqlFile, tree: QueryTree): Problem[] =>
  tree.functions
    .filter(({ name }) => CHANGING.test(name))
    .map(({ name }) =>
      warning(
        placeOf(file, callOf(name)),
        `calls ${name}(), so that a rebuilt day may differ from the first`,
        'Use {day:Date} or a value of the row.',
      ),
    );

/** What a SELECT gives and what its table takes, by name, in both directions. `free` is given without being a column. */
export function columnProblems(
  path: string,
  columns: readonly Column[],
  selected: readonly Column[],
  options: { free: readonly string[]; filled: readonly string[] },
): Problem[] {
  const given = selected.map(({ name }) => name);
  const open = columns.filter(({ name }) => !options.filled.includes(name));
  const taken = open
    .filter(({ defaultKind }) => defaultKind === '' || defaultKind === 'DEFAULT')
    .map(({ name }) => name);
  const needed = open.filter(({ defaultKind }) => defaultKind === '').map(({ name }) => name);
  const twice = given.filter((name, index) => given.indexOf(name) !== index);
  const computed = given.filter((name) => columns.some((column) => column.name === name) && !taken.includes(name));
  const unknown = given.filter(
    (name) => !columns.some((column) => column.name === name) && !options.free.includes(name),
  );
  return [
    ...needed
      .filter((name) => !given.includes(name))
      .map((name) =>
        error(
          path,
          `the SELECT gives no column ${name}`,
          `Add it to the SELECT, or give the table's column a DEFAULT.`,
        ),
      ),
    ...unknown.map((name) => {
      const meant = meantBy(name, taken);
      return error(
        path,
        `the SELECT gives ${name}, which is no column of the table`,
        meant ? `Did you mean '${meant}'?` : 'Name it with AS after a column of the table, or add the column.',
      );
    }),
    ...computed.map((name) =>
      error(path, `the SELECT gives ${name}, which the table fills by itself`, 'Leave it out of the SELECT.'),
    ),
    ...twice.map((name) => error(path, `the SELECT gives ${name} twice`, 'Name each column once.')),
    ...selected.flatMap((one) => typeProblems(path, one, columns)),
  ];
}

/** Scalars are converted value by value, and so are the elements of composites; other shapes are nobody's guess. */
function typeProblems(path: string, { name, type: given }: Column, columns: readonly Column[]): Problem[] {
  const wanted = columns.find((column) => column.name === name)?.type;
  if (wanted === undefined || canCast(parseType(given), parseType(wanted))) return [];
  return [
    error(
      path,
      `the SELECT gives ${name} as ${given}, expected ${wanted} or what can be converted to it without a loss`,
      'Make it in the SELECT with the shape that the column has: the same kind of list, map or tuple, with the same fields.',
    ),
  ];
}

const local = (table: string, scratch: string) =>
  table.startsWith(`${scratch}.`) ? table.slice(scratch.length + 1) : table;
