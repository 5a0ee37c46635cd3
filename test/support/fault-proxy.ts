import { Agent, createServer, request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

/** A request as the client sent it, read to its end. */
export interface Asked {
  method: string;
  url: URL;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** What the real server answered, read to its end. */
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** One intercepted request. Every path ends in one of `answer`, `stop`, `disconnect` and `trickle`. */
export interface Passage {
  asked: Asked;
  /** Asks the real server, with other parameters in the URL where given. Rejects where it can't be reached or dies meanwhile. */
  forward: (parameters?: Readonly<Record<string, string>>) => Promise<Answer>;
  answer: (answer: Answer) => void;
  /** Resets the client's connection, after the headers and so many bytes of an answer where one is given. */
  stop: (answer?: Answer, bytes?: number) => Promise<void>;
  /** Sends the server no more than so many bytes of the request's body, then resets both connections. */
  disconnect: (bytes: number) => Promise<void>;
  /** Answers in so many pieces over so many milliseconds. */
  trickle: (answer: Answer, pieces: number, ms: number) => Promise<void>;
}

/** Takes a request into its hands, or returns undefined and lets it pass. */
export type Interceptor = (passage: Passage) => Promise<void> | undefined;

/** A proxy between a client and a real server. */
export interface FaultProxy {
  url: string;
  /** Replaces the interceptor; undefined lets everything pass. */
  intercept(interceptor: Interceptor | undefined): void;
  close(): Promise<void>;
}

/**
 * Opens a proxy on a free port of 127.0.0.1. The request line and all headers reach the server as they are, so that signatures
 * hold. A server that can't be reached shows as a reset connection, as its death would.
 */
export async function openProxy(target: string): Promise<FaultProxy> {
  const { hostname, port } = new URL(target);
  // A connection for each request: a kept one may lead to a process that was killed.
  const agent = new Agent({ keepAlive: false });
  const sockets = new Set<Socket>();
  let interceptor: Interceptor | undefined;

  const server = createServer((incoming, outgoing) => {
    const hangUp = new AbortController();
    outgoing.once('close', () => {
      hangUp.abort();
    });
    const reset = () => {
      incoming.socket.resetAndDestroy();
    };
    void (async () => {
      const asked = await read(incoming, target);
      const forward: Passage['forward'] = (parameters = {}) =>
        ask({ hostname, port, agent }, incoming.rawHeaders, asked, parameters);
      const answer = ({ status, headers, body }: Answer) => {
        outgoing.writeHead(status, withoutHops(headers));
        outgoing.end(asked.method === 'HEAD' ? undefined : body);
      };
      const begin = async ({ status, headers, body }: Answer, bytes: number) => {
        outgoing.writeHead(status, withoutHops({ ...headers, 'content-length': String(body.length) }));
        outgoing.flushHeaders();
        if (bytes > 0)
          await new Promise<void>((resolve) => {
            outgoing.write(body.subarray(0, bytes), () => {
              resolve();
            });
          });
      };
      const passage: Passage = {
        asked,
        forward,
        answer,
        stop: async (given, bytes = 0) => {
          if (given) await begin(given, bytes);
          reset();
        },
        disconnect: async (bytes) => {
          await askInPart({ hostname, port, agent }, incoming.rawHeaders, asked, bytes);
          reset();
        },
        trickle: async (given, pieces, ms) => {
          await begin(given, 0);
          const size = Math.ceil(given.body.length / pieces);
          for (let from = 0; from < given.body.length && !hangUp.signal.aborted; from += size) {
            await sleep(ms / pieces);
            outgoing.write(given.body.subarray(from, from + size));
          }
          outgoing.end();
        },
      };
      await (interceptor?.(passage) ?? forward().then(answer));
    })().catch(reset);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    intercept: (next) => {
      interceptor = next;
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
      agent.destroy();
    },
  };
}

async function read(incoming: IncomingMessage, target: string): Promise<Asked> {
  return {
    method: incoming.method ?? 'GET',
    url: new URL(incoming.url ?? '/', target),
    headers: incoming.headers,
    body: await buffer(incoming),
  };
}

interface Server {
  hostname: string;
  port: string;
  agent: Agent;
}

function ask(
  server: Server,
  rawHeaders: string[],
  { method, url, body }: Asked,
  parameters: Readonly<Record<string, string>>,
): Promise<Answer> {
  const changed = new URL(url);
  for (const [name, value] of Object.entries(parameters)) changed.searchParams.set(name, value);
  // Untouched unless it must change: a rewritten URL may be spelled differently from the signed one.
  const path = Object.keys(parameters).length === 0 ? url.pathname + url.search : changed.pathname + changed.search;
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...server, method, path, headers: withoutContinue(rawHeaders) }, (incoming) => {
      buffer(incoming).then((answered) => {
        resolve({ status: incoming.statusCode ?? 500, headers: incoming.headers, body: answered });
      }, reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Sends the beginning of a request and breaks the connection, which a server notices in the middle of the body. */
async function askInPart(
  server: Server,
  rawHeaders: string[],
  { method, url, body }: Asked,
  bytes: number,
): Promise<void> {
  const path = url.pathname + url.search;
  const outgoing = request({ ...server, method, path, headers: withoutContinue(rawHeaders) });
  outgoing.on('error', () => undefined);
  await new Promise<void>((resolve) => {
    outgoing.once('close', resolve);
    outgoing.write(body.subarray(0, bytes), () => {
      resolve();
    });
  });
  outgoing.destroy();
}

/** The body is complete already, so the server need not be asked whether to send it. */
function withoutContinue(rawHeaders: readonly string[]): string[] {
  return rawHeaders.flatMap((name, index) => {
    if (index % 2 === 1 || name.toLowerCase() === 'expect') return [];
    return [name, rawHeaders[index + 1] ?? ''];
  });
}

/** Headers that speak of one connection only. */
const HOPS = new Set(['connection', 'keep-alive', 'transfer-encoding']);

const withoutHops = (headers: IncomingHttpHeaders): IncomingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !HOPS.has(name)));
