import type { IncomingHttpHeaders } from 'node:http';
import { EngineError } from './errors.js';
import type { ExternalTable } from './external.js';

/** A request to the HTTP interface without its body. */
export interface QueryRequest {
  /** The text of `query` in the address; the body is appended to it, or holds an INSERT's rows. */
  query: string;
  database: string | undefined;
  /** Settings of this request only, by name, as texts. */
  settings: Record<string, string>;
  /** Values of `{name:Type}` placeholders, in the escaped TSV form in which clients send them. */
  params: Record<string, string>;
  queryId: string | undefined;
  /** The format for statements that name none. */
  format: string;
  session: { id: string; timeoutSeconds: number; mustExist: boolean } | undefined;
  /** Tables that come with the request, in a form. */
  tables: ExternalTable[];
  user: string;
  password: string;
  /** Encodings in which the response may come, in the client's order; none unless it asks for compression. */
  encodings: string[];
  /** True when the client wants no answer before the statement has ended. */
  wait: boolean;
}

/** Parameters that steer the interface itself; every other one is a setting of the engine. */
const OWN = new Set(
  `query database user password query_id default_format session_id session_timeout session_check compress decompress
   enable_http_compression role wait_end_of_query buffer_size quota_key stacktrace close_session client_protocol_version`.split(
    /\s+/,
  ),
);

/**
 * Reads a request's address and headers.
 * @throws EngineError 115 for a name that no setting can have, 48 for the block compression of the native protocol.
 */
export function readRequest(method: string, address: URL, headers: IncomingHttpHeaders): QueryRequest {
  const url = address.searchParams;
  const header = (name: string) => [headers[name]].flat()[0];
  if (url.get('compress') === '1' || url.get('decompress') === '1') {
    throw new EngineError(
      48,
      'NOT_IMPLEMENTED',
      'The embedded engine knows no compress=1; send enable_http_compression=1 instead',
    );
  }
  const sessionId = url.get('session_id');
  const request: QueryRequest = {
    query: url.get('query') ?? '',
    database: url.get('database') ?? header('x-clickhouse-database'),
    settings: {},
    params: {},
    tables: [],
    queryId: url.get('query_id') ?? undefined,
    format: url.get('default_format') ?? header('x-clickhouse-format') ?? 'TabSeparated',
    session: sessionId
      ? {
          id: sessionId,
          timeoutSeconds: Number(url.get('session_timeout') ?? 60),
          mustExist: url.get('session_check') === '1',
        }
      : undefined,
    ...readUser(url, header),
    encodings: isOn(url.get('enable_http_compression')) ? accepted(header('accept-encoding') ?? '') : [],
    wait: isOn(url.get('wait_end_of_query')),
  };
  if (!/^\w+$/.test(request.format)) throw new EngineError(73, 'UNKNOWN_FORMAT', `Unknown format ${request.format}`);
  readNames(request, url);
  // The server lets GET only read; a named session would keep the restriction for its later requests.
  if (method !== 'POST' && method !== 'PUT' && !request.session) request.settings['readonly'] ??= '2';
  return request;
}

/** Adds a field of a form. */
export function addField(request: QueryRequest, name: string, value: string): void {
  if (name === 'query') request.query += value;
  else readNames(request, [[name, value]]);
}

function readNames(request: QueryRequest, entries: Iterable<[string, string]>): void {
  for (const [name, value] of entries) {
    if (OWN.has(name)) continue;
    if (!/^[A-Za-z_]\w*$/.test(name)) throw new EngineError(115, 'UNKNOWN_SETTING', `Unknown setting '${name}'`);
    if (name.startsWith('param_')) request.params[name.slice('param_'.length)] = value;
    else request.settings[name] = value;
  }
}

const isOn = (value: string | null): boolean => /^(1|true)$/i.test(value ?? '');

/** The names in Accept-Encoding, without those that the client refuses by `q=0`. */
function accepted(header: string): string[] {
  const names = header.split(',').map((name) => name.trim().toLowerCase());
  return names.filter((name) => !/;\s*q=0(\.0*)?$/.test(name)).map((name) => name.replace(/\s*;.*$/, ''));
}

function readUser(url: URLSearchParams, header: (name: string) => string | undefined) {
  const [, basic] = /^Basic (.+)$/i.exec(header('authorization') ?? '') ?? [];
  const [user, password] = split(basic ? Buffer.from(basic, 'base64').toString() : '');
  return {
    user: url.get('user') ?? header('x-clickhouse-user') ?? user,
    password: url.get('password') ?? header('x-clickhouse-key') ?? password,
  };
}

function split(pair: string): [string, string] {
  const colon = pair.indexOf(':');
  return colon < 0 ? [pair || 'default', ''] : [pair.slice(0, colon), pair.slice(colon + 1)];
}
