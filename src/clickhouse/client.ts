import { setTimeout as sleep } from 'node:timers/promises';
import type * as Client from '@clickhouse/client';
import type { ClickHouseSettings } from '@clickhouse/client';
import type { Env } from '../env.js';
import { passing } from '../errors.js';
import { required } from '../required.js';
import { numberText, plural } from '../shared/format.js';
import { sentence } from '../shared/sentence.js';
import { startOrName, unreachable } from '../unreachable.js';
import { aboutRunning, engineVersion, stillRunning, type RunningQuery } from './catalog.js';
import type { Cluster } from './cluster/cluster.js';
import { watchNode } from './cluster/watch-node.js';
import { explain } from './errors.js';
import { formOf } from './form.js';
import { ALL_ROWS, type Statement } from './statement.js';

const { ClickHouseLogLevel, createClient, ResultSet } = required('@clickhouse/client') as typeof Client;

/** How a statement is run. */
export interface StatementOptions {
  /** Database that unqualified names mean. */
  database?: string;
  /** Handle of the running query: its `log_comment`. Set it on everything that may run long, so that it can be killed. */
  handle?: string;
  /** When it aborts, the query is killed, and has ended before the promise rejects. */
  signal?: AbortSignal;
  /** Time zone of dates and times without an offset: the project's. */
  zone?: string;
  /** What the statement is, for error messages. */
  what?: string;
}

/** What ClickHouse says about a statement that it ran. */
export interface Ran {
  /** Rows that its tables and objects gave to it, by the readers' own count; undefined if the answer does not say. */
  readRows: number | undefined;
}

/** ClickHouse over HTTP: a server of your own, or that of the local stack. The only place that imports the client. */
export interface ClickHouse {
  /** Returns the rows of a SELECT as objects; 64-bit integers arrive as strings. */
  rows<Row>(statement: Statement, options?: StatementOptions): Promise<Row[]>;
  /** Runs a statement that returns no rows. */
  run(statement: Statement, options?: StatementOptions): Promise<Ran>;
  /** Inserts all rows as one block, so that after a crash either all or none exist. */
  insert(table: string, rows: readonly object[]): Promise<void>;
  /**
   * Kills every query whose handle starts with `prefix` and waits until all of them are gone: at most `within` milliseconds, or
   * until the signal aborts, because some statements can't be killed.
   *
   * @throws an error that names what still runs; a later call waits again. The signal's reason where that aborts.
   */
  endQueries(prefix: string, options?: { within?: number; signal?: AbortSignal }): Promise<number>;
  /** Returns true if the user has a right, such as `ALTER DELETE ON daybook.rejected_rows`; its database need not exist yet. */
  granted(right: string): Promise<boolean>;
  /** Returns the version of ClickHouse, such as `26.7.2.1`; read again every few minutes. */
  version(): Promise<string>;
  close(): Promise<void>;
  /** How this server belongs to others that replicate its tables; undefined for a single server. */
  cluster?: Cluster;
  /** True for ClickHouse Cloud: each statement may run on another replica of the service. */
  cloud?: boolean;
}

/** Returns the row of a SELECT that always has one, such as a count. Throws if there is none: the answer was truncated. */
export async function oneRow<Row>(
  clickhouse: Pick<ClickHouse, 'rows'>,
  statement: Statement,
  options: StatementOptions = {},
): Promise<Row> {
  const [row] = await clickhouse.rows<Row>(statement, options);
  if (row === undefined)
    throw new Error(`${options.what ?? 'statement'}: ClickHouse returned no row, expected one; the query is retried.`);
  return row;
}

/** Client-side timeout of one statement, in milliseconds: longer than any load, to end dead connections. */
const REQUEST_TIMEOUT = 6 * 60 * 60 * 1000;
/** Concurrent statements of one process. */
const OPEN_CONNECTIONS = 64;
/** Bytes. A long statement collects progress headers; Node's default of 16 KB would abort it. */
const RESPONSE_HEADERS = 1024 * 1024;
/** How long a caller waits for killed queries before it says so, in milliseconds; its retries wait on. */
const KILL_WAIT = 60_000;
/** An aborted step ends after this, in milliseconds, whatever its statement does: what it writes is named by its attempt. */
const ABORT_WAIT = 5_000;
/** How often the engine's list of running queries is asked whether a killed one is gone, in milliseconds. */
const KILL_POLL = 100;

/**
 * By default the server refuses statements of more than 256 KiB or 50,000 nodes; the normalizing statement of 160 columns is longer.
 * Settings in the URL apply before the statement is parsed, unlike a SETTINGS clause.
 */
const LONG_STATEMENTS: ClickHouseSettings = {
  max_query_size: String(64 * 1024 * 1024),
  max_ast_elements: '5000000',
  max_expanded_ast_elements: '50000000',
};

/**
 * Settings of every statement. Progress headers keep proxies from closing idle connections; insert de-duplication is off because it
 * silently drops rows after DELETE + INSERT, and fresh tables do not need it; counts of files must not come from a cache that ignores
 * compression; a folder `country=DE/` must not replace the column `country` of the objects in it; S3 retries are limited so that they
 * do not outlast every timeout. Without a buffer in memory, the server writes each answer to its disk before it sends it.
 */
const BASE_SETTINGS: ClickHouseSettings = {
  send_progress_in_http_headers: 1,
  http_headers_progress_interval_ms: '30000',
  wait_end_of_query: 1,
  http_response_buffer_size: String(16 * 1024 * 1024),
  deduplicate_insert: 'disable',
  use_cache_for_count_from_files: 0,
  use_hive_partitioning: 0,
  s3_throw_on_zero_files_match: 1,
  s3_retry_attempts: '8',
  date_time_input_format: 'basic',
  output_format_json_quote_64bit_integers: 1,
  ...LONG_STATEMENTS,
  ...ALL_ROWS,
};

/** How long the engine's version is taken as known, in milliseconds: upgrades happen, and are not watched for. */
const VERSION_KEPT = 5 * 60 * 1000;

const quiet = () => undefined;

/**
 * Creates the gateway to one ClickHouse server. Sends no request yet.
 *
 * @param more settings of every statement
 * @param cloud true for ClickHouse Cloud, where several replicas answer at one address
 */
export function connectClickHouse(env: Env['clickhouse'], more: ClickHouseSettings = {}, cloud = false): ClickHouse {
  const config = {
    url: env.url,
    username: env.user,
    password: env.password,
    application: 'daybook',
    // Errors are thrown, with the statement's name; the client's own log would print them twice.
    log: { level: ClickHouseLogLevel.OFF },
    max_open_connections: OPEN_CONNECTIONS,
    // A socket that the server is about to close must not be reused: the request would get no answer.
    keep_alive: { eagerly_destroy_stale_sockets: true },
    request_timeout: REQUEST_TIMEOUT,
    max_response_headers_size: RESPONSE_HEADERS,
    clickhouse_settings: { ...BASE_SETTINGS, ...more },
  };
  const client = createClient(config);
  // Compressed, the records of thousands of objects pass a proxy with a limit of 1 MB. Forms cannot be compressed.
  const inserts = createClient({ ...config, compression: { request: true } });

  const answeredBy = cloud ? quiet : watchNode(new URL(env.url).origin);
  const runningNow = aboutRunning({ cloud });
  let known: { version: string; at: number } | undefined;

  /** Runs `send` and translates its error; an aborted caller gets its own reason, after the query has ended. */
  const guarded = async <T>(options: StatementOptions, send: () => Promise<T>): Promise<T> => {
    options.signal?.throwIfAborted();
    try {
      return await send();
    } catch (error) {
      if (options.signal?.aborted) {
        if (options.handle !== undefined)
          await gateway.endQueries(options.handle, { within: ABORT_WAIT }).catch(() => undefined);
        throw options.signal.reason;
      }
      const what = options.what ?? 'statement';
      const code = unreachable(error);
      if (code !== undefined)
        throw passing(
          sentence(
            `${what}: no ClickHouse answers at ${new URL(env.url).origin} (${code}). `,
            startOrName('CLICKHOUSE_URL', env.chosen),
          ),
          { cause: error },
        );
      throw explain(error, what);
    }
  };

  /** Passes the form to the client as the statement: it would send parameters in the URL, or a long statement in one field. */
  const request = (statement: Statement, options: StatementOptions) => {
    const { body, contentType } = formOf(statement);
    return {
      query: body,
      ...(options.signal ? { abort_signal: options.signal } : {}),
      http_headers: {
        'Content-Type': contentType,
        // As a header, not in the client's config: a stage's database exists for one build only.
        ...(options.database === undefined ? {} : { 'X-ClickHouse-Database': options.database }),
      },
      clickhouse_settings: {
        ...statement.settings,
        ...(options.handle === undefined ? {} : { log_comment: options.handle }),
        ...(options.zone === undefined ? {} : { session_timezone: options.zone }),
      } as ClickHouseSettings,
    };
  };

  /** Sends a statement that answers in JSON lines, and returns all of its rows. */
  const answered = async <Row>(asked: ReturnType<typeof request>, what: string): Promise<Row[]> => {
    const { stream, query_id, response_headers, summary } = await client.exec(asked);
    const result = new ResultSet<'JSONEachRow'>(stream, 'JSONEachRow', query_id, quiet, response_headers);
    const rows = await result.json<Row>();
    answeredBy(response_headers);
    assertWhole(rows.length, summary, what);
    return rows;
  };

  const gateway: ClickHouse = {
    rows: <Row>(statement: Statement, options: StatementOptions = {}) =>
      guarded(options, () => {
        const asked = { ...statement, sql: `${statement.sql}\nFORMAT JSONEachRow` };
        return answered<Row>(request(asked, options), options.what ?? 'statement');
      }),
    run: (statement, options = {}) =>
      guarded(options, async () => {
        const { summary, response_headers } = await client.command(request(statement, options));
        answeredBy(response_headers);
        return { readRows: summary && Number(summary.read_rows) };
      }),
    insert: (table, rows) =>
      guarded({ what: `insert into ${table}` }, async () => {
        if (rows.length === 0) return;
        const { response_headers } = await inserts.insert({
          table,
          values: rows,
          format: 'JSONEachRow',
          clickhouse_settings: ONE_BLOCK,
        });
        answeredBy(response_headers);
      }),
    endQueries: async (prefix, { within = KILL_WAIT, signal } = {}) => {
      const limit = AbortSignal.any([AbortSignal.timeout(within), ...(signal ? [signal] : [])]);
      const list = () => gateway.rows<RunningQuery>(runningNow.list(prefix), { what: 'list queries', signal: limit });
      let left: RunningQuery[] = [];
      try {
        left = await list();
        const found = left.length;
        while (left.length > 0) {
          await gateway.run(runningNow.kill(prefix), { what: 'end queries', signal: limit });
          await sleep(KILL_POLL, undefined, { signal: limit });
          left = await list();
        }
        return found;
      } catch (error) {
        signal?.throwIfAborted();
        if (!limit.aborted || left.length === 0) throw error;
        throw new Error(stillRunning(left, within), { cause: error });
      }
    },
    granted: (right) => {
      const what = `check the grant ${right}`;
      return guarded({ what }, async () => {
        // The statement takes no FORMAT clause.
        const asked = request({ sql: `CHECK GRANT ${right}` }, {});
        const http_headers = { ...asked.http_headers, 'X-ClickHouse-Format': 'JSONEachRow' };
        const [row] = await answered<{ result: number }>({ ...asked, http_headers }, what);
        return row?.result === 1;
      });
    },
    version: async () => {
      if (known && Date.now() - known.at < VERSION_KEPT) return known.version;
      const [row] = await gateway.rows<{ version: string }>(engineVersion(), { what: 'ask for the version' });
      if (!row) return 'unknown';
      known = { version: row.version, at: Date.now() };
      return row.version;
    },
    close: async () => {
      await Promise.all([client.close(), inserts.close()]);
    },
    cloud,
  };
  return gateway;
}

/** An insert of the ledger's size becomes one part, hence one atomic write. */
const ONE_BLOCK: ClickHouseSettings = {
  max_insert_block_size: '1048576',
  min_insert_block_size_rows: '1048576',
  input_format_parallel_parsing: 0,
  async_insert: 0,
};

/**
 * Throws unless an answer has as many rows as the server says. On a full disk ClickHouse 26.7 sends an answer of more than the buffer
 * cut off or empty, with status 200; proxies may cut one, too.
 */
function assertWhole(found: number, summary: { result_rows: string } | undefined, what: string): void {
  const expected = summary === undefined ? undefined : Number(summary.result_rows);
  if (found === expected) return;
  throw passing(
    expected === undefined
      ? `${what}: the answer has no X-ClickHouse-Summary header, by which Daybook sees that it is whole. Let it pass the proxy in front of ClickHouse.`
      : `${what}: ${numberText(found)} of ${plural(expected, 'row')} of the answer arrived. Is the disk of ClickHouse full? The query is retried.`,
  );
}
