import { isOlder, LEAST_CLICKHOUSE } from '../../clickhouse/versions.js';
import { processVariables, type Env } from '../../env.js';
import { LocalStackError } from '../local-error.js';
import { startQuietly } from '../processes/quiet.js';
import { toolEnvironment } from '../programs/tool-environment.js';
import { isExecutable, onPath } from '../programs/where.js';

/**
 * Finds a `clickhouse` executable to run instead of the library: the one that `DAYBOOK_CLICKHOUSE` names, else the first on
 * PATH that is new enough.
 * @returns its path; undefined if none is named and none on PATH is new enough
 * @throws LocalStackError if the named one can't be used
 */
export async function findClickHouse(
  env: Pick<Env, 'local'>,
  onProgress: (text: string) => void,
): Promise<string | undefined> {
  const named = env.local.clickhousePath;
  if (named !== undefined) {
    const reason = await unfit(named);
    if (reason === undefined) return named;
    throw new LocalStackError(
      `DAYBOOK_CLICKHOUSE names ${named}, which ${reason}. Name a clickhouse executable of ${LEAST_CLICKHOUSE} or newer, ` +
        'or unset the variable to use the ClickHouse that npm installs.',
    );
  }
  for (const path of onPath('clickhouse', processVariables())) {
    if (!(await isExecutable(path))) continue;
    const reason = await unfit(path);
    if (reason === undefined) return path;
    onProgress(`not using ${path}, which ${reason}`);
  }
  return undefined;
}

/** Returns why a file can't be used as the stack's ClickHouse; undefined if it can. */
async function unfit(path: string): Promise<string | undefined> {
  if (!(await isExecutable(path))) return 'is not an executable file';
  const env = toolEnvironment(processVariables(), 'node');
  const { output, failed } = await startQuietly(path, ['local', '--version'], { env, timeoutMs: 20_000 }).ended;
  const [version] = /\d+\.\d+\.\d+(\.\d+)?/.exec(output) ?? [];
  if (failed || version === undefined) return 'does not print its version for `local --version`';
  return isOlder(version, LEAST_CLICKHOUSE) ? `is ${version}, older than ${LEAST_CLICKHOUSE}` : undefined;
}
