import { either, error } from '../problems.js';
import type { Problem } from '../project.js';
import { identifierOf, type SqlStatement, type Token } from './tokens.js';

/** Rules that hold before an engine sees the statements: what would make it read or write beside the project. */

/** Engines whose rows stay as they were inserted: others change them while merging, and verification would lie. */
const ENGINES = ['MergeTree', 'ReplicatedMergeTree', 'SharedMergeTree'];
/** A contract's table stays empty, so anything that keeps to itself will do. */
const RAW_ENGINES = ['Null', 'Memory', 'Log', 'TinyLog', 'StripeLog', ...ENGINES];

/** Table functions that an engine would contact or run merely to analyse the statement. */
const REACHING =
  /^(s3|gcs|oss|cosn|url|file|hdfs|azureBlobStorage|remote|remoteSecure|cluster|clusterAllReplicas|mysql|postgresql|mongodb|redis|sqlite|jdbc|odbc|executable|input|merge|dictionary|(iceberg|deltaLake|hudi|paimon)\w*|\w+Cluster|ytsaurus|arrow(flight|stream)|loop)$/i;

/** Settings by which a SELECT would step out of its day or its zone. */
const OWN_SETTINGS = ['additional_table_filters', 'additional_result_filter', 'session_timezone'];

/** The table has the file's name, unqualified, its own columns, an engine that leaves rows alone, and reads nothing itself. */
export function createProblems(
  path: string,
  table: string,
  isRaw: boolean,
  { tokens }: SqlStatement,
  allowed: readonly string[],
): Problem[] {
  const words = tokens.map(({ text }) => text.toUpperCase());
  const at = words[2] === 'IF' && words[3] === 'NOT' && words[4] === 'EXISTS' ? 5 : 2;
  const [token, next = 'nothing'] = [tokens[at], words[at + 1]];
  const found = token ? identifierOf(token) : '';
  const fix = `Write CREATE TABLE ${table}.`;
  if (next === '.') return [error(path, `found the qualified name '${found}.…', expected the table's name alone`, fix)];
  const problems: Problem[] = [];
  if (found !== table)
    problems.push(error(path, `creates the table '${found}', expected '${table}', as the file is called`, fix));
  if (next !== '(')
    problems.push(
      error(
        path,
        `found ${next} after the table's name, expected its columns in parentheses`,
        'Write the columns and their types.',
      ),
    );
  const outer = outermost(tokens.slice(at + 1));
  if (outer.some((word) => word.toUpperCase() === 'AS'))
    problems.push(
      error(path, 'found CREATE TABLE … AS, expected a table without rows', 'Leave out AS and what follows.'),
    );
  const engines = isRaw ? RAW_ENGINES : ENGINES;
  const engine = outer[outer.findIndex((word) => word.toUpperCase() === 'ENGINE') + 1];
  if (engine !== undefined && outer.some((word) => word.toUpperCase() === 'ENGINE') && !engines.includes(engine))
    problems.push(
      error(path, `found ENGINE ${engine}, expected ${either(engines)}`, `Write ENGINE = ${engines[0] ?? ''}.`),
    );
  const body = tokens.slice(at + 1);
  return [...problems, ...readingProblems(path, body), ...reachingProblems(path, body, allowed)];
}

/**
 * The SELECT reads nothing that lies outside of the database, and leaves Daybook's own settings alone.
 *
 * @param allowed table functions that the config allows
 */
export function selectProblems(path: string, { tokens }: SqlStatement, allowed: readonly string[]): Problem[] {
  return [
    ...reachingProblems(path, tokens, allowed),
    ...namesBefore(tokens, '=')
      .filter((name) => OWN_SETTINGS.includes(name))
      .map((name) => error(path, `sets ${name}, which a build sets itself`, 'Remove the setting.')),
  ];
}

const reachingProblems = (path: string, tokens: readonly Token[], allowed: readonly string[]): Problem[] =>
  namesBefore(tokens, '(')
    .filter((name) => REACHING.test(name) && !isAllowed(name, allowed))
    .map((name) =>
      error(
        path,
        `calls ${name}(…), which reads outside of the project's tables`,
        `Bring the data in as a source, use dictGet, or allow it in the config: allowFunctions: ['${name}'].`,
      ),
    );

/** A query in a constraint or a default reads tables beside all order; one in a projection reads the table itself. */
const readingProblems = (path: string, tokens: readonly Token[]): Problem[] =>
  tokens
    .filter(
      ({ kind, text }, index) =>
        kind === 'word' &&
        text.toUpperCase() === 'SELECT' &&
        tokens[index - 1]?.text === '(' &&
        tokens[index - 3]?.text.toUpperCase() !== 'PROJECTION',
    )
    .slice(0, 1)
    .map(() =>
      error(
        path,
        'found a SELECT inside of CREATE TABLE, which would read tables in no order',
        'Write the check as a test under sql/tests/, or give the value in the SELECT of the file.',
      ),
    );

/** Function names are told from each other as the engine does it for most of them: in any case of letters. */
export const isAllowed = (name: string, allowed: readonly string[]): boolean =>
  allowed.some((one) => one.toLowerCase() === name.toLowerCase());

/** Words and quoted names that stand before a symbol; what an index or a projection is called is no function. */
const namesBefore = (tokens: readonly Token[], symbol: string): string[] =>
  tokens
    .filter(
      ({ kind }, index) =>
        (kind === 'word' || kind === 'quoted') &&
        tokens[index + 1]?.text === symbol &&
        !/^(INDEX|PROJECTION)$/i.test(tokens[index - 1]?.text ?? ''),
    )
    .map(identifierOf);

/** Words outside of all parentheses. */
function outermost(tokens: readonly Token[]): string[] {
  let depth = 0;
  const words: string[] = [];
  for (const { kind, text } of tokens) {
    if (kind === 'symbol') depth += text === '(' ? 1 : text === ')' ? -1 : 0;
    else if (depth === 0) words.push(text);
  }
  return words;
}
