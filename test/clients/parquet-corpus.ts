import { access, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { execa } from 'execa';
import { processVariables, readEnv } from '../../src/env.js';

/** The files that writers and readers of Parquet share to test each other: github.com/apache/parquet-testing. */
const COMMIT = '1a2a75127be06fc0123f03ebd36c966f7beda27d';
const ARCHIVE = `https://codeload.github.com/apache/parquet-testing/tar.gz/${COMMIT}`;

/** Time for the first answer, in milliseconds: a machine without a way to GitHub must not wait for it. */
const PATIENCE = 10_000;

/** The folder of the public test files, downloaded once into the cache folder; undefined where they can't be had. */
export async function parquetCorpus(): Promise<string | undefined> {
  const { cacheDir } = readEnv(processVariables()).local;
  const folder = join(cacheDir, `parquet-testing-${COMMIT.slice(0, 12)}`);
  const found = await access(folder).then(
    () => true,
    () => false,
  );
  if (found) return folder;
  const answer = await fetch(ARCHIVE, { signal: AbortSignal.timeout(PATIENCE) }).catch(() => undefined);
  if (!answer?.ok || !answer.body) return undefined;
  const made = `${folder}-${process.pid}`;
  await mkdir(made, { recursive: true });
  try {
    const unpack = execa('tar', ['xz', '-C', made, '--strip-components', '1'], {
      input: Readable.fromWeb(answer.body),
    });
    await unpack;
    await rename(made, folder);
  } catch {
    await rm(made, { recursive: true, force: true });
    return undefined;
  }
  return folder;
}
