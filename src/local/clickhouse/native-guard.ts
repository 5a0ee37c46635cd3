import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { exceptionPacket, parseHello, type Hello } from './native-hello.js';

/*
 * A proxy in front of the native port. Unlike a server, `clickhouse local` aborts when a connection to its native port fails (a
 * wrong password, an unknown database, another protocol). So clients connect to this guard, which first checks their login over
 * HTTP and then forwards the connection.
 */

export interface Guarded {
  /** Port for clients, on 127.0.0.1. */
  port: number;
  /** ClickHouse's own port for the native protocol, on 127.0.0.1. */
  server: number;
  /** URL of ClickHouse's HTTP interface. */
  url: string;
}

/** Time for a client to send its hello packet, in ms. */
const HELLO_MS = 10_000;
const AUTHENTICATION_FAILED = 516;

/** Starts the guard. Rejects if the port is taken. */
export async function startNativeGuard(guarded: Guarded): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (client) => {
    // 'close' handles a client that goes away.
    client.on('error', () => undefined);
    guard(client, guarded).catch(() => client.destroy());
  });
  server.listen(guarded.port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function guard(client: Socket, { server, url }: Guarded): Promise<void> {
  const { hello, bytes } = await readHello(client);
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
  upstream.once('close', () => {
    client.destroySoon();
  });
  upstream.write(bytes);
  client.pipe(upstream);
  upstream.pipe(client);
  client.once('close', () => {
    // A reset would abort the server, too, so read and discard the rest of its output.
    upstream.end();
    upstream.resume();
  });
}

/** Waits for the hello packet of a client. Rejects if the client goes away or takes too long. */
async function readHello(client: Socket): Promise<{ hello: Hello | 'other'; bytes: Buffer }> {
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

/** Returns why the server would reject a client; undefined if it would accept it. */
async function refusalOf(
  { database, user, password }: Hello,
  url: string,
): Promise<{ code: number; message: string } | undefined> {
  const headers = new Headers();
  try {
    // Headers hold bytes.
    headers.set('X-ClickHouse-User', Buffer.from(user).toString('latin1'));
    headers.set('X-ClickHouse-Key', Buffer.from(password).toString('latin1'));
  } catch {
    return {
      code: AUTHENTICATION_FAILED,
      message: 'Authentication failed: the name or the password contains control characters',
    };
  }
  const address = new URL(url);
  if (database !== '') address.searchParams.set('database', database);
  const response = await fetch(address, { method: 'POST', body: 'SELECT 1', headers });
  const text = await response.text();
  if (response.ok) return undefined;
  const code = Number(response.headers.get('X-ClickHouse-Exception-Code') ?? 0);
  return { code, message: text.trim().replace(/^Code: \d+\. (DB::Exception: )?/, '') };
}
