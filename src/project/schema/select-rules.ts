import type { Column } from '../../clickhouse/column.js';
import { canCast } from '../../conversions/casts.js';
import { bare, parseType } from '../../conversions/column-types.js';
import { either, error, meantBy, warning } from '../problems.js';
import type { Problem, SqlFile } from '../project.js';
import { callOf, placeOf } from '../sql/place.js';
import { isAllowed } from '../sql/statement-rules.js';
import type { QueryTree } from './query-tree.js';

/** Table functions that read only their arguments. */
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

/** Functions that read a table named in a string, which the dependency order can't see. Dictionaries are checked separately. */
const HIDDEN_READS = /^(joinGet(OrNull)?|hasColumnInTable|file|catboostEvaluate)$/;

/** Functions whose result depends on when, where or how often they run. */
const NON_DETERMINISTIC =
  /^(now(64|InBlock|InBlock64)?|today|yesterday|UTCTimestamp|rand(32|64|omString.*|omFixedString|omPrintableASCII|Canonical|Constant|Uniform|Normal.*|LogNormal|Exponential|Poisson|Bernoulli|Binomial|NegativeBinomial|ChiSquared|StudentT|FisherF)?|generateU.*|generateSnowflakeID|generateSerialID|arrayShuffle|arrayPartialShuffle|arrayRandomSample|fuzzBits|rowNumberIn.*|block(Number|Size|SerializedSize)|neighbor|runningDifference.*|runningAccumulate|lowCardinality(Indices|Keys)|hostName|FQDN|displayName|uptime|(current|initial)?Query(ID|StartTime)|queryID|connectionId|transactionID|current(Database|User|Profiles|Roles|Schemas)|authenticatedUser|(enabled|default)(Profiles|Roles)|version|revision|buildId|serverUUID|serverTimezone|tcpPort|localtime|dateTimeToUUIDv7|get(Macro|ServerPort|ServerSetting|Setting|SettingOrDefault|MergeTreeSetting)|filesystem.*)$/;

/**
 * Checks that a normalizing SELECT works row by row: one line in, one row out. Only then can the fate of each line be counted.
 * Rejects every clause other than columns and FROM, so that new clauses of later ClickHouse versions are rejected too.
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
        ? "Return skip_reason instead: a row where it is not '' is skipped and counted."
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
        `reads ${read.length === 0 ? 'no table' : either(read)}, expected only ${raw}`,
        `Write SELECT … FROM ${raw}.`,
      ),
    );
  return problems;
}

/** Checks that a model or test reads only published tables of the project, by unqualified names, and `allowed` functions. */
export function readProblems(
  path: string,
  scratch: string,
  tree: QueryTree,
  readable: ReadonlySet<string>,
  allowed: readonly string[],
): Problem[] {
  const foreign = tree.tables.map((table) => local(table, scratch)).filter((table) => !readable.has(table));
  const functions = tree.tableFunctions.filter((name) => !HARMLESS.has(name) && !isAllowed(name, allowed));
  const hidden = tree.functions
    .map(({ name }) => name)
    .filter((name) => HIDDEN_READS.test(name) && !isAllowed(name, allowed));
  return [
    ...foreign.map((table) =>
      table.startsWith('raw_')
        ? error(
            path,
            `reads ${table}, which is empty outside of normalization`,
            `Read the normalized table ${table.slice(4)}.`,
          )
        : error(
            path,
            `reads ${table}, which is not one of the project's tables`,
            'Read tables of the project, by their unqualified names.',
          ),
    ),
    ...functions.map((name) =>
      error(
        path,
        `reads from ${name}(), whose content is not reproducible`,
        `Read tables of the project, or allow it in the config: allowFunctions: ['${name}'].`,
      ),
    ),
    ...hidden.map((name) =>
      error(path, `calls ${name}(), which reads a table named in a string`, 'Write a JOIN, or use a dictionary.'),
    ),
  ];
}

/**
 * Checks for dictionaries over a table of the project. Such a dictionary has the published rows of the time when it was loaded:
 * neither the day that is being built, nor anything that a rebuild can reproduce. Only a warning in a normalizing SELECT, which
 * has no other way to look something up.
 */
export const dictionaryProblems = (
  path: string,
  kind: 'normalized' | 'aggregate' | 'raw' | 'test',
  sources: readonly { dictionary: string; table: string }[],
): Problem[] =>
  sources.map(({ dictionary, table }) =>
    (kind === 'normalized' ? warning : error)(
      path,
      `reads the dictionary ${dictionary}, which is loaded from the published ${table}, not from the day that is being built`,
      kind === 'normalized'
        ? `Look it up in a model that reads ${table}, or load the dictionary from elsewhere.`
        : `Read ${table} itself, with a JOIN, so that it is built first.`,
    ),
  );

/** Lists the project's tables among those that a SELECT reads. */
export const inputsOf = (scratch: string, tree: QueryTree, readable: ReadonlySet<string>): string[] =>
  tree.tables.map((table) => local(table, scratch)).filter((table) => readable.has(table));

/** Checks that a model that reads itself has a lookback, because it can read only its earlier days. */
export const selfProblems = (path: string, name: string, lookback: number, inputs: readonly string[]): Problem[] =>
  lookback === 0 && inputs.includes(name)
    ? [
        error(
          path,
          `reads itself (${name}), but has no lookback, so that it would read nothing`,
          "Add '-- lookback: 1 day' at the head of the file to read the day before.",
        ),
      ]
    : [];

/** Warns about functions that make a rebuild of the same input differ. */
export const nonDeterministicProblems = (file: SqlFile, tree: QueryTree): Problem[] =>
  tree.functions
    .filter(({ name }) => NON_DETERMINISTIC.test(name))
    .map(({ name }) =>
      warning(
        placeOf(file, callOf(name)),
        `calls ${name}(), so that a rebuilt day may differ from the first`,
        'Use {day:Date} or a value of the row.',
      ),
    );

/** What ClickHouse says about where a row is stored: in a build, that is the stage and its parts. */
const STORED_IN =
  /^_(database|disk_name|part|part_(index|uuid|offset|starting_offset|granule_offset|data_version)|partition_(id|value)|block_(number|offset)|sample_factor)$/;

/** Warns about columns that say where a row is stored, unless a table of the project has a column of that name. */
export const placeOfRowProblems = (file: SqlFile, tree: QueryTree, own: ReadonlySet<string>): Problem[] =>
  tree.underscored
    .filter((name) => STORED_IN.test(name) && !own.has(name))
    .map((name) =>
      warning(
        placeOf(file, new RegExp(String.raw`\b${name}\b`)),
        `reads ${name}, which says where ClickHouse stores a row while its day is built`,
        'Use a column of the table.',
      ),
    );

/** Checks that the columns of a SELECT and of its table match by name. `free` columns may be returned without being in the table. */
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
          `the SELECT returns no column ${name}`,
          `Add it to the SELECT, or give the table's column a DEFAULT.`,
        ),
      ),
    ...unknown.map((name) => {
      const meant = meantBy(name, taken);
      return error(
        path,
        `the SELECT returns ${name}, which is not a column of the table`,
        meant ? `Did you mean '${meant}'?` : 'Rename it with AS to a column of the table, or add the column.',
      );
    }),
    ...computed.map((name) =>
      error(path, `the SELECT returns ${name}, which the table fills itself`, 'Leave it out of the SELECT.'),
    ),
    ...twice.map((name) => error(path, `the SELECT returns ${name} twice`, 'Return each column once.')),
    ...selected.flatMap((one) => typeProblems(path, one, columns)),
  ];
}

/**
 * Checks that a reason is a text: what is not empty is a reason, and neither the 0 of a condition nor the zero bytes of a FixedString
 * are empty.
 */
export function reasonProblems(path: string, selected: readonly Column[]): Problem[] {
  const reasons: Record<string, string> = { skip_reason: 'skipped', reject_reason: 'rejected' };
  return selected.flatMap(({ name, type }) => {
    const fate = reasons[name];
    if (fate === undefined || /^(String|Enum\d+|Nothing)$/.test(bare(parseType(type)).base)) return [];
    return [
      error(
        path,
        `the SELECT returns ${name} as ${type}, expected a String: every row whose text is not empty is ${fate}`,
        `Write it as in: if(…, 'why it is ${fate}', '') AS ${name}`,
      ),
    ];
  });
}

/** Checks that scalars, and the elements of composites, can be converted; a different shape is never guessed. */
function typeProblems(path: string, { name, type: given }: Column, columns: readonly Column[]): Problem[] {
  const wanted = columns.find((column) => column.name === name)?.type;
  if (wanted === undefined || canCast(parseType(given), parseType(wanted))) return [];
  return [
    error(
      path,
      `the SELECT returns ${name} as ${given}, expected ${wanted} or a type that converts to it without loss`,
      'Convert it in the SELECT to the shape of the column: the same kind of list, map or tuple, with the same fields.',
    ),
  ];
}

const local = (table: string, scratch: string) =>
  table.startsWith(`${scratch}.`) ? table.slice(scratch.length + 1) : table;
