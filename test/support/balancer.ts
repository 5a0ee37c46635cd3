import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A round-robin balancer in front of HTTP servers. */
export interface Balancer {
  url: string;
  /** Whether requests go to all targets in turn, as from the beginning, or to the first one alone. */
  spread(all: boolean): void;
  close(): Promise<void>;
}

/** Opens a balancer on a free port of 127.0.0.1 that sends each request to the next of the targets. */
export async function openBalancer(targets: readonly string[]): Promise<Balancer> {
  let requests = 0;
  let all = true;
  const server = createServer((asked, answer) => {
    const target = new URL(asked.url ?? '/', targets[all ? requests++ % targets.length : 0]);
    const forwarded = request(target, { method: asked.method, headers: asked.headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    forwarded.on('error', () => answer.destroy());
    asked.pipe(forwarded);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spread: (next) => {
      all = next;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
