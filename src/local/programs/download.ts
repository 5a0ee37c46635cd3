import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import prettyBytes from 'pretty-bytes';
import { nodeArguments, sibling } from '../processes/node-command.js';
import { startQuietly } from '../processes/quiet.js';
import type { Request, Way } from './obtain.js';
import { TEMPORAL_VERSION as version } from './programs.js';
import { toolEnvironment } from './tool-environment.js';

/** Time to the first byte; without one the network is blocked, and the next way is tried. */
const FIRST_BYTE_MS = 10_000;
/** A download that does not grow for this long has stalled. */
const STALL_MS = 60_000;

/**
 * Lets the Temporal SDK download the CLI, as its own test server does. The SDK runs in a separate process, which can be killed
 * when nothing arrives.
 */
export const downloadTemporal: Way = { how: "from the SDK's download", version, get };

async function get({ name, target, variables, onProgress }: Request): Promise<void> {
  const folder = await mkdtemp(join(dirname(target), 'download-'));
  const script = sibling(import.meta.url, './download-temporal');
  const download = startQuietly(process.execPath, nodeArguments(script, folder, `v${version}`), {
    env: toolEnvironment(variables, 'node'),
  });
  const started = Date.now();
  let [bytes, grown, settled] = [0, Date.now(), false];
  let late: string | undefined;
  const result = download.ended.finally(() => {
    settled = true;
  });
  try {
    while (!settled) {
      const now = await folderBytes(folder);
      if (now > bytes) [bytes, grown] = [now, Date.now()];
      if (bytes === 0 && Date.now() - started > FIRST_BYTE_MS) late = `no answer within ${FIRST_BYTE_MS / 1000} s`;
      if (Date.now() - grown > STALL_MS) late = `nothing arrived for ${STALL_MS / 1000} s`;
      if (late !== undefined) break;
      const seconds = Math.round((Date.now() - started) / 1000);
      onProgress(`downloading ${name} ${version}, once: ${seconds} s, ${prettyBytes(bytes)}`);
      await Promise.race([sleep(1_000), result]);
    }
    if (late !== undefined) {
      download.kill();
      throw new Error(late);
    }
    const { failed, output } = await result;
    const file = (await readdir(folder)).find((entry) => !entry.endsWith('.downloading'));
    if (failed || file === undefined) throw new Error(output.trim().split('\n').at(-1) ?? 'no file arrived');
    await rename(join(folder, file), target);
  } finally {
    await result;
    await rm(folder, { recursive: true, force: true });
  }
}

async function folderBytes(folder: string): Promise<number> {
  const sizes = (await readdir(folder)).map((entry) =>
    stat(join(folder, entry)).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
