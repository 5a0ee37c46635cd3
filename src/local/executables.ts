import { access, constants, mkdir, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import lockfile from 'proper-lockfile';
import { processVariables, type Env } from '../env.js';
import { messageOf } from '../errors.js';
import { downloadTemporal } from './download.js';
import { goInstall } from './go-install.js';
import { LocalStackError } from './local-error.js';

/** Program that the stack needs beside Node. */
interface Program {
  name: 'temporal' | 'versitygw';
  version: string;
  /** The variable that names an executable of the user's own. */
  variable: string;
  goPackage: string;
  /** How it gets into the file `target`, best way first; each rejects with the reason why it can't. */
  ways: readonly {
    what: string;
    get: (program: Program, target: string, onProgress: (text: string) => void) => Promise<void>;
  }[];
}

const go: Program['ways'][number] = { what: 'build with Go', get: goInstall };

const TEMPORAL: Program = {
  name: 'temporal',
  // The last version that `go install` accepts: later ones carry replace directives.
  version: '1.5.1',
  variable: 'DAYBOOK_TEMPORAL',
  goPackage: 'github.com/temporalio/cli/cmd/temporal',
  ways: [{ what: 'download', get: downloadTemporal }, go],
};

const VERSITYGW: Program = {
  name: 'versitygw',
  version: '1.8.0',
  variable: 'DAYBOOK_VERSITYGW',
  goPackage: 'github.com/versity/versitygw/cmd/versitygw',
  ways: [go],
};

type LocalEnv = Pick<Env, 'local'>;
type OnProgress = (text: string) => void;

/**
 * Path of the Temporal CLI: named by the user, on PATH, in the cache, else downloaded or built into the cache.
 * @throws LocalStackError naming every way and why it failed
 */
export async function findTemporal(env: LocalEnv, onProgress: OnProgress): Promise<string> {
  const { path, failures } = await find(TEMPORAL, env.local.temporalPath, env.local.cacheDir, onProgress);
  if (path !== undefined) return path;
  throw new LocalStackError(noWayLeft(TEMPORAL, failures));
}

/** Path of the S3 gateway, found as the Temporal CLI is; undefined if there is no way to it: `fauxqs` then stands in. */
export async function findVersitygw(env: LocalEnv, onProgress: OnProgress): Promise<string | undefined> {
  const { path, failures } = await find(VERSITYGW, env.local.versitygwPath, env.local.cacheDir, onProgress);
  if (path === undefined) {
    onProgress(
      `no versitygw (${failures.join('; ')}): S3 is kept in memory by fauxqs, its objects end with the stack. ` +
        `With Go on PATH, or ${VERSITYGW.variable} naming a versitygw, they stay`,
    );
  }
  return path;
}

async function find(
  program: Program,
  named: string | undefined,
  cacheDir: string,
  onProgress: OnProgress,
): Promise<{ path: string | undefined; failures: string[] }> {
  const { name, version, variable } = program;
  if (named !== undefined) {
    if (await isExecutable(named)) return { path: named, failures: [] };
    throw new LocalStackError(
      `${variable} names ${named}, which is not an executable file. Name a ${name} executable (${version} is the tested one), ` +
        'or unset the variable to let Daybook find one.',
    );
  }
  const cached = join(cacheDir, name, version, name);
  for (const path of [...onPath(name), cached]) if (await isExecutable(path)) return { path, failures: [] };

  await mkdir(join(cacheDir, name, version), { recursive: true });
  onProgress(`getting ${name} ${version}`);
  // Two starts at the same time build once: the second waits here, then finds the file.
  const release = await lockfile.lock(cached, {
    realpath: false,
    stale: 30_000,
    retries: { retries: 900, factor: 1, minTimeout: 1_000 },
  });
  try {
    const failures: string[] = [];
    if (await isExecutable(cached)) return { path: cached, failures };
    for (const way of program.ways) {
      try {
        await way.get(program, cached, onProgress);
        return { path: cached, failures };
      } catch (error) {
        failures.push(`${way.what}: ${messageOf(error)}`);
        onProgress(`${name}: cannot ${way.what}`);
      }
    }
    return { path: undefined, failures };
  } finally {
    await release();
  }
}

function noWayLeft({ name, version, variable, goPackage }: Program, failures: string[]): string {
  return [
    `The local stack needs ${name} ${version}, and no way to it is left:`,
    `  - ${variable} is not set`,
    `  - there is no ${name} on PATH, and none in the cache`,
    ...failures.map((failure) => `  - ${failure}`),
    `Do one of these: install the ${name} CLI so that it is on PATH; set ${variable} to an executable; allow the download; ` +
      `or install Go, with which Daybook builds ${goPackage}@v${version} by itself.`,
  ].join('\n');
}

/** Every place on PATH where a program of this name may be, in the order of PATH. */
export const onPath = (name: string): string[] =>
  (processVariables()['PATH'] ?? '').split(delimiter).flatMap((folder) => (folder === '' ? [] : [join(folder, name)]));

export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
