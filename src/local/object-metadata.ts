import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { childEnvironment } from './processes/children.js';
import { startQuietly } from './processes/quiet.js';
import { accepts } from './readiness.js';

/**
 * Creates the folder for the S3 gateway's objects, and decides once where their metadata is stored: in extended attributes,
 * which are written together with the object, or in a separate folder if the file system has none (some tmpfs and NFS). Only the
 * gateway can determine that, so it is started for a moment on its own port.
 * @returns the folder for metadata, undefined for extended attributes
 */
export async function objectMetadata(versitygw: string, dir: string, port: number): Promise<string | undefined> {
  const [objects, metadata] = [join(dir, 's3'), join(dir, 'object-metadata')];
  if (existsSync(metadata)) return metadata;
  if (existsSync(objects)) return undefined;
  await mkdir(objects);
  const trial = startQuietly(versitygw, ['--quiet', '--port', `127.0.0.1:${port}`, 'posix', objects], {
    env: { ...childEnvironment(dir, tmpdir()), ROOT_ACCESS_KEY: 'trial', ROOT_SECRET_KEY: 'trial-trial' },
    timeoutMs: 5_000,
  });
  const ended = new AbortController();
  const result = trial.ended.finally(() => {
    ended.abort();
  });
  while (!ended.signal.aborted && !(await accepts(port))) await Promise.race([result, sleep(20)]);
  trial.kill();
  if (!/xattrs? .*not supported/.test((await result).output)) return undefined;
  await mkdir(metadata);
  return metadata;
}
