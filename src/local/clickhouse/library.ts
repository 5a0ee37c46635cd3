import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { LocalStackError } from '../local-error.js';

/** Which package of `chdb`'s holds ClickHouse for a platform and processor. */
const PACKAGES: Readonly<Record<string, string>> = {
  'linux-x64': '@chdb/lib-linux-x64-gnu',
  'linux-arm64': '@chdb/lib-linux-arm64-gnu',
  'darwin-x64': '@chdb/lib-darwin-x64',
  'darwin-arm64': '@chdb/lib-darwin-arm64',
};

interface Machine {
  platform: string;
  arch: string;
  /** False where the C library is musl. */
  glibc: boolean;
}

/** This machine, as Node sees it. */
function thisMachine(): Machine {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return { platform: process.platform, arch: process.arch, glibc: header.glibcVersionRuntime !== undefined };
}

/**
 * Finds ClickHouse as a library, which `npm install` brings for the machine.
 * @throws LocalStackError if there is none for this machine, or its package is not installed
 */
export function findLibrary(machine = thisMachine(), resolve = resolvePackage): string {
  const name = PACKAGES[`${machine.platform}-${machine.arch}`];
  if (name === undefined || (machine.platform === 'linux' && !machine.glibc)) {
    const libc = machine.platform === 'linux' && !machine.glibc ? ' with musl' : '';
    throw new LocalStackError(
      `No ClickHouse comes with npm for ${machine.platform}-${machine.arch}${libc}. ${WAYS_OUT}`,
    );
  }
  try {
    return join(dirname(resolve(`${name}/package.json`)), 'libchdb.so');
  } catch {
    throw new LocalStackError(
      `The package ${name}, which holds ClickHouse, is not installed; run \`npm ci\` without --omit=optional. ${WAYS_OUT}`,
    );
  }
}

const WAYS_OUT =
  'Otherwise set DAYBOOK_CLICKHOUSE to a clickhouse executable of 26.6.1 or newer, or use a server of your own: CLICKHOUSE_URL.';

function resolvePackage(path: string): string {
  // The packages are dependencies of chdb's, not of ours.
  return createRequire(createRequire(import.meta.url).resolve('chdb')).resolve(path);
}
