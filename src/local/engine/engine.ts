import { EngineError } from './errors.js';
import { loadNative, type Connection } from './native.js';
import { openSessions, type Sessions } from './sessions.js';

/** Where and how a statement runs: its own database, settings and parameters, which no other statement sees. */
export interface Scope {
  database: string | undefined;
  settings: Readonly<Record<string, string>>;
  /** In the escaped TSV form, see `readRequest`. */
  params: Readonly<Record<string, string>>;
  session: { id: string; timeoutSeconds: number; mustExist: boolean } | undefined;
}

export interface Outcome {
  body: Uint8Array;
  elapsedSeconds: number;
  read: { rows: number; bytes: number };
  written: { rows: number; bytes: number };
}

export interface Engine {
  version: string;
  timezone: string;
  hostname: string;
  /** Runs anything but an INSERT and gives its result in `format`, unless the statement names another. */
  query(scope: Scope, sql: string, format: string): Promise<Outcome>;
  /** Runs an INSERT; `rows` are bytes that belong behind it. */
  insert(scope: Scope, sql: string, rows?: Buffer): Promise<Outcome>;
  /** Ends what runs, then closes the data folder. */
  close(): Promise<void>;
}

/**
 * Opens the embedded engine over a folder.
 * @param args of the process-wide engine, in the form of `clickhouse local`.
 * @throws Error with the engine's text when the folder is in use (code 76) or cannot be read.
 */
export async function openEngine(folder: string, args: readonly string[] = []): Promise<Engine> {
  const native = loadNative();
  // Held until the end: the engine shuts down with its last connection.
  const own = native.CreateConnection(folder, [...args, ...SERVER_SETTINGS]);
  const sessions: Sessions = openSessions(
    () => native.CreateConnection(folder, SERVER_SETTINGS),
    (connection) => {
      native.CloseConnection(connection);
    },
  );
  const running = new Set<Promise<unknown>>();
  let closing = false;

  function run<T>(scope: Scope, work: (connection: Connection) => Promise<T>): Promise<T> {
    if (closing) return Promise.reject(new EngineError(236, 'ABORTED', 'The engine is shutting down'));
    const done = sessions.use(scope.session, async (connection) => {
      for (const statement of setUp(scope)) await native.QueryAsyncConnection(connection, statement, 'Null');
      return work(connection);
    });
    const settled = done.then(noop, noop).finally(() => running.delete(settled));
    running.add(settled);
    return done;
  }

  const facts = await native.QueryAsyncConnection(
    own,
    'SELECT version(), serverTimezone(), hostName()',
    'TabSeparatedRaw',
  );
  const [version = '', timezone = '', hostname = ''] = Buffer.from(facts.bytes).toString().trimEnd().split('\t');
  return {
    version,
    timezone,
    hostname,
    query: (scope, sql, format) =>
      run(scope, async (connection) => {
        const { bytes, elapsed, rowsRead, bytesRead } = await native.QueryAsyncConnection(connection, sql, format);
        return { body: bytes, elapsedSeconds: elapsed, read: { rows: rowsRead, bytes: bytesRead }, written: NOTHING };
      }),
    insert: (scope, sql, rows = Buffer.alloc(0)) =>
      run(scope, async (connection) => {
        const text = rows.length > 0 ? `${sql}\n` : sql;
        const { elapsed, rowsWritten, bytesWritten } = await native.InsertRawAsyncConnection(
          connection,
          text,
          rows,
          false,
        );
        const written = { rows: rowsWritten, bytes: bytesWritten };
        return { body: new Uint8Array(), elapsedSeconds: elapsed, read: written, written };
      }),
    async close() {
      closing = true;
      while (running.size > 0) {
        // Again and again: a request may have been between two statements, where there is nothing to kill.
        await native.QueryAsyncConnection(own, 'KILL QUERY WHERE 1 ASYNC', 'Null').catch(noop);
        await Promise.race([Promise.all(running), new Promise((resolve) => setTimeout(resolve, 100))]);
      }
      sessions.close();
      native.CloseConnection(own);
    },
  };
}

/** Statements that prepare a connection for a scope. Values are quoted, and never part of the statement that is run. */
export function setUp(scope: Pick<Scope, 'database' | 'settings' | 'params'>): string[] {
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
    // Last, because it forbids changes.
    ...(readonly === undefined ? [] : [`SET readonly = ${quoted(readonly)}`]),
  ];
}

/** Where `clickhouse local`, which this engine is, differs from a server; they count for one connection each. */
const SERVER_SETTINGS = ['--implicit_select=0', '--allow_introspection_functions=0'];

const DEFAULT_QUERY_SIZE = 262_144;
const NOTHING = { rows: 0, bytes: 0 };
const noop = () => undefined;

/** A text as a literal of ClickHouse's SQL. */
export const quoted = (text: string): string => `'${escaped(text, "'")}'`;
const identifier = (name: string): string => `\`${escaped(name, '`')}\``;
const escaped = (text: string, quote: string): string => text.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`);
