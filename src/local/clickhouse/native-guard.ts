import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { exceptionPacket, parseHello, type Hello } from './native-hello.js';

/*
 * What `clickhouse local` lacks of a server: a connection to its native port that fails (a wrong password, an unknown database,
 * another protocol) aborts the whole process. So clients connect to this guard, which asks the server over HTTP whether it
 * would have them, and only then connects them.
 */

export interface Guarded {
  /** On 127.0.0.1: where clients connect. */
  port: number;
  /** On 127.0.0.1: where ClickHouse itself speaks the native protocol. */
  server: number;
  /** Of ClickHouse's HTTP interface. */
  url: string;
}

/** How long a client may take to say who it is, in ms. */
const HELLO_MS = 10_000;
/** `AUTHENTICATION_FAILED`: what a server answers to a name that can't be one. */
const NOT_A_NAME = 516;

/** Starts the guard. Rejects if the port is taken. */
export async function startNativeGuard(guarded: Guarded): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (client) => {
    // Whoever goes away is told by 'close'.
    client.on('error', () => undefined);
    guard(client, guarded).catch(() => client.destroy());
  });
  server.listen(guarded.port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function guard(client: Socket, { server, url }: Guarded): Promise<void> {
  const { hello, bytes } = await firstWords(client);
  if (hello === 'other') {
    client.end(`This port is for ClickHouse's native protocol. HTTP is at ${url}\n`);
    return;
  }
  const refusal = await refusalOf(hello, url);
  if (refusal) {
    client.end(exceptionPacket(refusal.code, refusal.message));
    return;
  }
  const upstream = connect({ port: server, host: '127.0.0.1', allowHalfOpen: true });
  upstream.on('error', () => client.destroy());
  upstream.once('close', () => client.destroySoon());
  upstream.write(bytes);
  client.pipe(upstream);
  upstream.pipe(client);
  client.once('close', () => {
    // A reset would end the server, too: what it still has to say is read and dropped.
    upstream.end();
    upstream.resume();
  });
}

/** Waits until a client has said who it is. Rejects if it goes away, or takes too long. */
async function firstWords(client: Socket): Promise<{ hello: Hello | 'other'; bytes: Buffer }> {
  const late = setTimeout(() => client.destroy(), HELLO_MS);
  let bytes = Buffer.alloc(0);
  try {
    for (;;) {
      const piece = client.read() as Buffer | null;
      if (piece === null) {
        if (client.readableEnded || client.destroyed) throw new Error('The client went away.');
        await Promise.race([once(client, 'readable'), once(client, 'close'), once(client, 'end')]);
        continue;
      }
      bytes = Buffer.concat([bytes, piece]);
      const hello = parseHello(bytes);
      if (hello !== 'more') return { hello, bytes };
    }
  } finally {
    clearTimeout(late);
  }
}

/** Why the server would not have a client; undefined if it would. */
async function refusalOf(
  { database, user, password }: Hello,
  url: string,
): Promise<{ code: number; message: string } | undefined> {
  const headers = new Headers();
  try {
    // A header holds bytes.
    headers.set('X-ClickHouse-User', Buffer.from(user).toString('latin1'));
    headers.set('X-ClickHouse-Key', Buffer.from(password).toString('latin1'));
  } catch {
    return { code: NOT_A_NAME, message: 'Authentication failed: the name or the password holds control characters' };
  }
  const address = new URL(url);
  if (database !== '') address.searchParams.set('database', database);
  const response = await fetch(address, { method: 'POST', body: 'SELECT 1', headers });
  const text = await response.text();
  if (response.ok) return undefined;
  const code = Number(response.headers.get('X-ClickHouse-Exception-Code') ?? 0);
  return { code, message: text.trim().replace(/^Code: \d+\. (DB::Exception: )?/, '') };
}
