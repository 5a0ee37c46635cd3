import { either, error } from '../problems.js';
import type { Problem } from '../project.js';
import { identifierOf, type SqlStatement, type Token } from './tokens.js';

/* Rules that are checked before an engine sees the statements, because they could read or write outside the project. */

/** Engines that keep rows as inserted: others change them in merges, and verification would report differences. */
const ENGINES = ['MergeTree', 'ReplicatedMergeTree', 'SharedMergeTree'];
/** A contract is an empty table, so every engine without external effects is allowed. */
const RAW_ENGINES = ['Null', 'Memory', 'Log', 'TinyLog', 'StripeLog', ...ENGINES];

/** Table functions for which the engine opens files or connections just to analyze the statement. */
const EXTERNAL =
  /^(s3|gcs|oss|cosn|url|file|hdfs|azureBlobStorage|remote|remoteSecure|cluster|clusterAllReplicas|mysql|postgresql|mongodb|redis|sqlite|jdbc|odbc|executable|input|merge|dictionary|(iceberg|deltaLake|hudi|paimon)\w*|\w+Cluster|ytsaurus|arrow(flight|stream)|loop)$/i;

/** Settings with which a SELECT could leave its day or its zone. */
const OWN_SETTINGS = ['additional_table_filters', 'additional_result_filter', 'session_timezone'];

/** Settings with which a SELECT gives a part of its rows, which depends on threads and blocks, or on the rows that come first. */
const PARTIAL = /^(limit|offset|\w+_overflow_mode(_leaf)?)$/;

/** Checks a CREATE TABLE: the file's name, unqualified; its own columns; an engine that keeps rows as inserted; no reads. */
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
  if (next === '.') return [error(path, `found the qualified name '${found}.…', expected an unqualified name`, fix)];
  const problems: Problem[] = [];
  if (found !== table)
    problems.push(error(path, `creates the table '${found}', expected '${table}', the name of the file`, fix));
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
    problems.push(error(path, 'found CREATE TABLE … AS, expected a table without rows', 'Remove AS and what follows.'));
  const engines = isRaw ? RAW_ENGINES : ENGINES;
  const engine = outer[outer.findIndex((word) => word.toUpperCase() === 'ENGINE') + 1];
  if (engine !== undefined && outer.some((word) => word.toUpperCase() === 'ENGINE') && !engines.includes(engine))
    problems.push(
      error(path, `found ENGINE ${engine}, expected ${either(engines)}`, `Write ENGINE = ${engines[0] ?? ''}.`),
    );
  const body = tokens.slice(at + 1);
  return [...problems, ...readingProblems(path, body), ...externalProblems(path, body, allowed)];
}

/**
 * Checks that a SELECT reads nothing outside the database, and does not change settings that Daybook sets.
 *
 * @param allowed table functions that the config allows
 */
export function selectProblems(path: string, { tokens }: SqlStatement, allowed: readonly string[]): Problem[] {
  return [
    ...externalProblems(path, tokens, allowed),
    ...namesBefore(tokens, '=')
      .filter((name) => OWN_SETTINGS.includes(name))
      .map((name) => error(path, `sets ${name}, which a build sets itself`, 'Remove the setting.')),
    ...settingsOfTokens(tokens)
      .filter(([name, value]) => PARTIAL.test(name) && !/^'?(0|throw)'?$/.test(value))
      .map(([name, value]) =>
        error(
          path,
          `sets ${name} = ${value}, with which the result may be a part of the rows`,
          /^(limit|offset)$/.test(name) ? 'Write ORDER BY and LIMIT.' : 'Remove the setting.',
        ),
      ),
  ];
}

/** Lists the settings of all SETTINGS clauses, with the first token of each value. */
function settingsOfTokens(tokens: readonly Token[]): [name: string, value: string][] {
  const found: [string, string][] = [];
  let inside = false;
  let depth = 0;
  for (const [index, token] of tokens.entries()) {
    const { kind, text } = token;
    if (kind === 'word' && /^(SETTINGS|SELECT)$/i.test(text)) [inside, depth] = [/^settings$/i.test(text), 0];
    if (!inside || kind !== 'symbol') continue;
    depth += /^[([{]$/.test(text) ? 1 : /^[)\]}]$/.test(text) ? -1 : 0;
    if (depth < 0) inside = false;
    const [name, value] = [tokens[index - 1], tokens[index + 1]];
    if (inside && depth === 0 && text === '=' && name && value) found.push([identifierOf(name), value.text]);
  }
  return found;
}

const externalProblems = (path: string, tokens: readonly Token[], allowed: readonly string[]): Problem[] =>
  namesBefore(tokens, '(')
    .filter((name) => EXTERNAL.test(name) && !isAllowed(name, allowed))
    .map((name) =>
      error(
        path,
        `calls ${name}(…), which reads outside the project's tables`,
        `Load the data as a source, use dictGet, or allow it in the config: allowFunctions: ['${name}'].`,
      ),
    );

/** Checks for a query in a constraint or default, which would read tables outside the build order. A projection reads its own table. */
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
        'found a SELECT inside CREATE TABLE, which would read tables outside the build order',
        'Write the check as a test under sql/tests/, or return the value from the SELECT of the file.',
      ),
    );

/** Returns whether the config allows a function; compares names without case, as the engine does for most functions. */
export const isAllowed = (name: string, allowed: readonly string[]): boolean =>
  allowed.some((one) => one.toLowerCase() === name.toLowerCase());

/** Lists words and quoted names directly before a symbol, without names of indexes and projections, which are not functions. */
const namesBefore = (tokens: readonly Token[], symbol: string): string[] =>
  tokens
    .filter(
      ({ kind }, index) =>
        (kind === 'word' || kind === 'quoted') &&
        tokens[index + 1]?.text === symbol &&
        !/^(INDEX|PROJECTION)$/i.test(tokens[index - 1]?.text ?? ''),
    )
    .map(identifierOf);

/** Lists the words outside all parentheses. */
function outermost(tokens: readonly Token[]): string[] {
  let depth = 0;
  const words: string[] = [];
  for (const { kind, text } of tokens) {
    if (kind === 'symbol') depth += text === '(' ? 1 : text === ')' ? -1 : 0;
    else if (depth === 0) words.push(text);
  }
  return words;
}
