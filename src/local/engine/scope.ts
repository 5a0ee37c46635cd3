import { EngineError } from './errors.js';
import type { ExternalTable } from './external.js';
import type { Expired } from './sessions.js';
import { identifier, quoted } from './sql.js';
import { tokens } from './tokens.js';

/** Where and how a statement runs: its own database, settings and parameters, which no other statement sees. */
export interface Scope {
  database: string | undefined;
  settings: Readonly<Record<string, string>>;
  /** In the escaped TSV form, see `readRequest`. */
  params: Readonly<Record<string, string>>;
  session: { id: string; timeoutSeconds: number; mustExist: boolean } | undefined;
  /** Tables of this statement only, to be read from files. */
  tables?: readonly ExternalTable[];
}

const DEFAULT_QUERY_SIZE = 262_144;

/** Statements that prepare a connection for a scope. Values are quoted, and never part of the statement that is run. */
export function setUp(scope: Omit<Scope, 'session'>): string[] {
  const { readonly, ...settings } = scope.settings;
  const values = [
    ...Object.entries(settings).map(([name, value]) => `${name} = ${quoted(value)}`),
    ...Object.entries(scope.params).map(([name, value]) => `param_${name} = ${quoted(value)}`),
  ].join(', ');
  const set = values ? [`SET ${values}`] : [];
  if (values.length > DEFAULT_QUERY_SIZE / 4) {
    // A server limits the query alone, here the parameters are one too: the limit is lifted for them, then put back.
    set.unshift('SET max_query_size = 0');
    set.push(`SET max_query_size = ${quoted(settings['max_query_size'] ?? String(DEFAULT_QUERY_SIZE))}`);
  }
  return [
    ...(scope.database ? [`USE ${identifier(scope.database)}`] : []),
    ...set,
    ...(scope.tables ?? []).flatMap(({ name, structure, format, path }) => [
      `CREATE TEMPORARY TABLE ${identifier(name)} (${structure})`,
      `INSERT INTO ${identifier(name)} FROM INFILE ${quoted(path)} FORMAT ${format}`,
    ]),
    // Last, because it forbids changes.
    ...(readonly === undefined ? [] : [`SET readonly = ${quoted(readonly)}`]),
  ];
}

/** What a named session was like before a request. */
export interface Before {
  database: string;
  /** The settings among the request's that were not at their defaults. */
  settings: Readonly<Record<string, string>>;
}

/** The query for what `setUp` is about to change, in the format JSONEachRow. */
export function beforeQuery(scope: Scope): string {
  const names = Object.keys(scope.settings).map(quoted).join(', ');
  const values = "CAST((groupArray(name), groupArray(value)), 'Map(String, String)')";
  const some = `FROM system.settings WHERE changed AND name IN (${names || "''"})`;
  return `SELECT currentDatabase() AS database, ${values} AS settings ${some}`;
}

/**
 * Statements that undo `setUp` in a named session: what a request's address says counts for that request alone, while what
 * a SET or a USE says counts for the session, and is therefore left as it is.
 */
export function restore(scope: Scope, sql: string, { database, settings }: Before): string[] {
  const [verb, ...said] = Array.from(tokens(sql), ({ text }) => text);
  const isSet = verb?.toUpperCase() === 'SET';
  const undone = Object.keys(scope.settings).filter((name) => !(isSet && said.includes(name)));
  const before = (name: string) => (name in settings ? quoted(settings[name] ?? '') : 'DEFAULT');
  const values = undone.filter((name) => name !== 'readonly').map((name) => `${name} = ${before(name)}`);
  return [
    // First, because it forbids changes; the engine lets the default pass.
    ...(undone.includes('readonly') ? ['SET readonly = DEFAULT'] : []),
    ...(scope.database && verb?.toUpperCase() !== 'USE' ? [`USE ${identifier(database)}`] : []),
    ...(values.length > 0 ? [`SET ${values.join(', ')}`] : []),
    ...(scope.tables ?? []).map(({ name }) => `DROP TEMPORARY TABLE IF EXISTS ${identifier(name)}`),
    ...(undone.includes('readonly') && 'readonly' in settings ? [`SET readonly = ${before('readonly')}`] : []),
  ];
}

/**
 * The engine can't forget a parameter, so it is told here which of them a named session has no more: those of requests that are
 * over. A value that a SET gave before such a request is gone with it.
 * @throws EngineError 456 for a statement that names one of them.
 */
export function checkParameters(scope: Scope, sql: string, expired: Expired): void {
  const texts = Array.from(tokens(sql), ({ text }) => text);
  const isSet = texts[0]?.toUpperCase() === 'SET';
  for (const [at, text] of texts.entries()) {
    if (isSet && text.startsWith('param_')) expired.delete(text.slice('param_'.length));
    if (texts[at - 1] === '{' && texts[at + 1] === ':' && expired.has(text) && !(text in scope.params))
      throw new EngineError(456, 'UNKNOWN_QUERY_PARAMETER', `Substitution \`${text}\` is not set`);
  }
}

/** Called when a request is over. */
export function expire(scope: Scope, sql: string, expired: Expired): void {
  const [verb, ...said] = Array.from(tokens(sql), ({ text }) => text);
  for (const name of Object.keys(scope.params))
    if (!(verb?.toUpperCase() === 'SET' && said.includes(`param_${name}`))) expired.add(name);
}
