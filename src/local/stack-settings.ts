import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { clearLockedPorts } from 'get-port';
import { z } from 'zod';
import { servicePort } from './ports.js';

const port = z.int().min(1).max(65_535);
const secret = z.string().min(16);
const settingsSchema = z.strictObject({
  ports: z.strictObject({
    temporal: port,
    temporalUi: port,
    clickhouse: port,
    clickhouseNative: port,
    /** ClickHouse's own port for the native protocol; clients connect to the guard in front of it. */
    clickhouseGuarded: port,
    s3: port,
  }),
  secretAccessKey: secret,
  passwords: z.strictObject({ daybook: secret, reader: secret, admin: secret }),
});
/** Settings that a stack keeps from one start to the next. */
export type StackSettings = z.infer<typeof settingsSchema>;

/** How long processes that are ending may still hold ports of the previous start, in milliseconds; for all ports together. */
const RELEASED_WITHIN = 1_000;

/**
 * Loads or creates the settings: free ports on 127.0.0.1, the previous ones if they are still free, so that printed addresses
 * (a history in the Web UI) remain valid; and the secrets of the store and of ClickHouse's users, generated once.
 */
export async function loadSettings(dir: string): Promise<StackSettings> {
  const file = join(dir, 'settings.json');
  const previous = await readFile(file, 'utf8')
    .then((text) => settingsSchema.safeParse(JSON.parse(text)).data)
    .catch(() => undefined);
  clearLockedPorts(); // ports that this process has just used may be used again
  const taken = new Set<number>();
  const until = Date.now() + RELEASED_WITHIN;
  const free = async (preferred: number | undefined) => {
    const find = () => servicePort({ taken, preferred });
    let found = await find();
    while (preferred !== undefined && found !== preferred && Date.now() < until) {
      await sleep(50);
      found = await find();
    }
    taken.add(found);
    return found;
  };
  const settings: StackSettings = {
    ports: {
      temporal: await free(previous?.ports.temporal),
      temporalUi: await free(previous?.ports.temporalUi),
      clickhouse: await free(previous?.ports.clickhouse),
      clickhouseNative: await free(previous?.ports.clickhouseNative),
      clickhouseGuarded: await free(previous?.ports.clickhouseGuarded),
      s3: await free(previous?.ports.s3),
    },
    secretAccessKey: previous?.secretAccessKey ?? randomBytes(20).toString('hex'),
    passwords: previous?.passwords ?? { daybook: password(), reader: password(), admin: password() },
  };
  await writeFile(file, JSON.stringify(settings, null, 2) + '\n', { mode: 0o600 });
  return settings;
}

const password = () => randomBytes(8).toString('hex');
