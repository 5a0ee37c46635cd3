import { EngineError } from './errors.js';
import { loadNative, type Connection } from './native.js';
import { beforeQuery, checkParameters, expire, restore, setUp, type Before, type Scope } from './scope.js';
import { openSessions, type Sessions } from './sessions.js';
import { hidden } from './sql.js';

/** How many rows and bytes a statement took in, wrote and gave. */
export interface Counts {
  /** Undefined where the engine does not tell: once a statement that gives rows has ended. */
  read: { rows: number; bytes: number } | undefined;
  written: { rows: number; bytes: number };
  result: { rows: number; bytes: number };
  /** Known while a statement runs; 0 before and after. */
  rowsToRead: number;
  elapsedSeconds: number;
}

export interface Outcome {
  body: Uint8Array;
  counts: Counts;
}

export interface Engine {
  version: string;
  timezone: string;
  hostname: string;
  /** Runs anything but an INSERT and gives its result in `format`, unless the statement names another. */
  query(scope: Scope, sql: string, format: string): Promise<Outcome>;
  /** Runs an INSERT; `rows` are bytes that belong behind it. */
  insert(scope: Scope, sql: string, rows?: Buffer): Promise<Outcome>;
  /** What the running statements whose text holds `path` have done so far. */
  progress(path: string): Promise<Counts>;
  /** Ends the running statements whose text holds `path`, without waiting for their end. */
  cancel(path: string): Promise<void>;
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

  async function text(connection: Connection, sql: string, format = 'TabSeparatedRaw'): Promise<string> {
    const { bytes } = await native.QueryAsyncConnection(connection, sql, format);
    return Buffer.from(bytes).toString().trimEnd();
  }

  async function all(connection: Connection, statements: readonly string[]): Promise<void> {
    for (const statement of statements) await text(connection, statement, 'Null');
  }

  function run<T>(scope: Scope, sql: string, work: (connection: Connection) => Promise<T>): Promise<T> {
    if (closing) return Promise.reject(new EngineError(236, 'ABORTED', 'The engine is shutting down'));
    const done = sessions.use(scope.session, async (connection, expired) => {
      if (!scope.session) {
        await all(connection, setUp(scope));
        return work(connection);
      }
      checkParameters(scope, sql, expired);
      const before = JSON.parse(await text(connection, beforeQuery(scope), 'JSONEachRow')) as Before;
      try {
        await all(connection, setUp(scope));
        return await work(connection);
      } finally {
        expire(scope, sql, expired);
        // What is wrong with a setting has been said by then.
        await all(connection, restore(scope, sql, before)).catch(noop);
      }
    });
    const settled = done.then(noop, noop).finally(() => running.delete(settled));
    running.add(settled);
    return done;
  }

  /** Runs a statement about others, on a connection of its own, because one runs a statement at a time. */
  const ask = (sql: string): Promise<string> => sessions.use(undefined, (connection) => text(connection, sql));

  const facts = await text(own, 'SELECT version(), serverTimezone(), hostName()');
  const [version = '', timezone = '', hostname = ''] = facts.split('\t');
  return {
    version,
    timezone,
    hostname,
    query: (scope, sql, format) =>
      run(scope, sql, async (connection) => {
        const { bytes, elapsed, rowsRead, bytesRead } = await native.QueryAsyncConnection(connection, sql, format);
        const result = { rows: rowsRead, bytes: bytesRead };
        return { body: bytes, counts: { ...NOTHING, read: undefined, result, elapsedSeconds: elapsed } };
      }),
    insert: (scope, sql, rows = Buffer.alloc(0)) =>
      run(scope, sql, async (connection) => {
        const insert = rows.length > 0 ? `${sql}\n` : sql;
        const done = await native.InsertRawAsyncConnection(connection, insert, rows, false);
        const written = { rows: done.rowsWritten, bytes: done.bytesWritten };
        const counts = { ...NOTHING, read: written, written, result: written, elapsedSeconds: done.elapsed };
        return { body: new Uint8Array(), counts };
      }),
    async progress(path) {
      const row = await ask(`SELECT ${PROGRESS} FROM system.processes WHERE position(query, ${hidden(path)}) > 0`);
      const [rows = 0, bytes = 0, rowsWritten = 0, bytesWritten = 0, rowsToRead = 0, elapsedSeconds = 0] = row
        .split('\t')
        .map(Number);
      const written = { rows: rowsWritten, bytes: bytesWritten };
      return { ...NOTHING, read: { rows, bytes }, written, rowsToRead, elapsedSeconds };
    },
    async cancel(path) {
      await ask(`KILL QUERY WHERE position(query, ${hidden(path)}) > 0 ASYNC FORMAT Null`);
    },
    async close() {
      closing = true;
      while (running.size > 0) {
        // Again and again: a request may have been between two statements, where there is nothing to kill.
        await all(own, ['KILL QUERY WHERE 1 ASYNC']).catch(noop);
        await Promise.race([Promise.all(running), new Promise((resolve) => setTimeout(resolve, 100))]);
      }
      sessions.close();
      native.CloseConnection(own);
    },
  };
}

/** Where `clickhouse local`, which this engine is, differs from a server; they count for one connection each. */
const SERVER_SETTINGS = ['--implicit_select=0', '--allow_introspection_functions=0'];
const PROGRESS =
  'sum(read_rows), sum(read_bytes), sum(written_rows), sum(written_bytes), sum(total_rows_approx), max(elapsed)';
const ZERO = { rows: 0, bytes: 0 };
/** The counts of a statement of which nothing is known. */
export const NOTHING: Counts = { read: ZERO, written: ZERO, result: ZERO, rowsToRead: 0, elapsedSeconds: 0 };
const noop = () => undefined;
