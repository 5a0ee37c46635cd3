import { randomBytes, randomInt } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import getPort, { clearLockedPorts } from 'get-port';
import { z } from 'zod';

const port = z.int().min(1).max(65_535);
const secret = z.string().min(16);
const remembered = z.strictObject({
  ports: z.strictObject({
    temporal: port,
    temporalUi: port,
    clickhouse: port,
    clickhouseNative: port,
    /** Where ClickHouse itself speaks the native protocol; clients connect to the guard before it. */
    clickhouseGuarded: port,
    s3: port,
  }),
  secretAccessKey: secret,
  passwords: z.strictObject({ daybook: secret, reader: secret, admin: secret }),
});
/** What a stack keeps from one start to the next. */
export type Remembered = z.infer<typeof remembered>;

/**
 * Free ports on 127.0.0.1, those of the former start where nobody took them meanwhile, so that addresses printed earlier
 * (a history in the Web UI) stay right; and the secrets of the store and of ClickHouse's users, made once.
 */
export async function remember(dir: string): Promise<Remembered> {
  const file = join(dir, 'settings.json');
  const former = await readFile(file, 'utf8')
    .then((text) => remembered.safeParse(JSON.parse(text)).data)
    .catch(() => undefined);
  clearLockedPorts(); // what this process used a moment ago is ours to use again
  const taken = new Set<number>();
  const free = async (preferred: number | undefined) => {
    const found = await getPort({ host: '127.0.0.1', exclude: taken, port: candidates(preferred) });
    taken.add(found);
    return found;
  };
  const settings: Remembered = {
    ports: {
      temporal: await free(former?.ports.temporal),
      temporalUi: await free(former?.ports.temporalUi),
      clickhouse: await free(former?.ports.clickhouse),
      clickhouseNative: await free(former?.ports.clickhouseNative),
      clickhouseGuarded: await free(former?.ports.clickhouseGuarded),
      s3: await free(former?.ports.s3),
    },
    secretAccessKey: former?.secretAccessKey ?? randomBytes(20).toString('hex'),
    passwords: former?.passwords ?? { daybook: password(), reader: password(), admin: password() },
  };
  await writeFile(file, JSON.stringify(settings, null, 2) + '\n', { mode: 0o600 });
  return settings;
}

const password = () => randomBytes(8).toString('hex');

/**
 * Ports below those that systems give to outgoing connections (from 32768 on Linux, 49152 on macOS): a client that keeps
 * dialling a service that is just being restarted could else be given the service's own port, and hold it.
 */
function candidates(preferred: number | undefined): number[] {
  const random = Array.from({ length: 100 }, () => randomInt(20_000, 32_768));
  return preferred === undefined ? random : [preferred, ...random];
}
