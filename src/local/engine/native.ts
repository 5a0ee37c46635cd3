import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** A connection inside the engine: it has its own database, settings and parameters, and runs one statement at a time. */
export interface Connection {
  readonly opaque: unique symbol;
}

/** What a statement gave. `elapsed` is in seconds; the engine's "read" counts the rows of the result, not those behind it. */
export interface Result {
  bytes: Uint8Array;
  elapsed: number;
  rowsRead: number;
  bytesRead: number;
}

/** The engine's own functions, as far as they are used. Promises reject with the engine's error text. */
export interface Native {
  /** Opens the data folder with the first connection; `args` count for that one only. One folder a process. */
  CreateConnection(folder: string, args?: readonly string[]): Connection;
  /** Frees a connection, at once: none of its statements may be running. */
  CloseConnection(connection: Connection): void;
  QueryAsyncConnection(connection: Connection, sql: string, format: string): Promise<Result>;
  /** Runs an INSERT, with its rows behind it, and counts what it wrote. The buffer must not change until it is done. */
  InsertRawAsyncConnection(
    connection: Connection,
    insert: string,
    rows: Buffer,
    countLines: boolean,
  ): Promise<{ elapsed: number; rowsWritten: number; bytesWritten: number }>;
}

/**
 * Loads the engine (a library of some 500 MB, of which only what is used is read).
 *
 * It takes the functions below the `chdb` package's Session, because a Session that is closed while any other query runs
 * stays open until that query ends: 3,000 requests beside one long query held 1.4 GB (tried), and slowed each other down.
 * Here each connection is closed as soon as its own statement is done.
 */
export function loadNative(): Native {
  const require = createRequire(import.meta.url);
  const loader = join(dirname(require.resolve('chdb')), 'dist', 'loader.js');
  return (require(loader) as { loadNative: () => Native }).loadNative();
}
