import { either, error } from './problems.js';
import type { Problem } from './project.js';
import { nameOf, type SqlStatement, type Token } from './sql-tokens.js';

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

/** The table has the file's name, unqualified, its own columns, and an engine that leaves rows alone. */
export function createProblems(path: string, table: string, isRaw: boolean, { tokens }: SqlStatement): Problem[] {
  const words = tokens.map(({ text }) => text.toUpperCase());
  const at = words[2] === 'IF' && words[3] === 'NOT' && words[4] === 'EXISTS' ? 5 : 2;
  const [token, next = 'nothing'] = [tokens[at], words[at + 1]];
  const found = token ? nameOf(token) : '';
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
  const allowed = isRaw ? RAW_ENGINES : ENGINES;
  const engine = outer[outer.findIndex((word) => word.toUpperCase() === 'ENGINE') + 1];
  if (engine !== undefined && outer.some((word) => word.toUpperCase() === 'ENGINE') && !allowed.includes(engine))
    problems.push(
      error(path, `found ENGINE ${engine}, expected ${either(allowed)}`, `Write ENGINE = ${allowed[0] ?? ''}.`),
    );
  return problems;
}

/** The SELECT reads nothing that lies outside of the database, and leaves Daybook's own settings alone. */
export function selectProblems(path: string, { tokens }: SqlStatement): Problem[] {
  const followedBy = (symbol: string) =>
    tokens
      .filter(({ kind }, index) => (kind === 'word' || kind === 'quoted') && tokens[index + 1]?.text === symbol)
      .map(nameOf);
  return [
    ...followedBy('(')
      .filter((name) => REACHING.test(name))
      .map((name) =>
        error(
          path,
          `calls ${name}(…), which reads outside of the project's tables`,
          'Bring the data in as a source, or use dictGet.',
        ),
      ),
    ...followedBy('=')
      .filter((name) => OWN_SETTINGS.includes(name))
      .map((name) => error(path, `sets ${name}, which a build sets itself`, 'Remove the setting.')),
  ];
}

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
