import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { LocalStackError } from '../local-error.js';

/** The dependency of `chdb` that contains ClickHouse, by platform and processor. */
const PACKAGES: Readonly<Record<string, string>> = {
  'linux-x64': '@chdb/lib-linux-x64-gnu',
  'linux-arm64': '@chdb/lib-linux-arm64-gnu',
  'darwin-x64': '@chdb/lib-darwin-x64',
  'darwin-arm64': '@chdb/lib-darwin-arm64',
};

interface Machine {
  platform: string;
  arch: string;
  /** False if the C library is musl. */
  glibc: boolean;
}

/** Describes this machine, as Node sees it. */
function thisMachine(): Machine {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return { platform: process.platform, arch: process.arch, glibc: header.glibcVersionRuntime !== undefined };
}

/**
 * Finds the ClickHouse library that `npm install` installs for this machine.
 * @throws LocalStackError if there is none for this machine, or its package is not installed
 */
export function findLibrary(machine = thisMachine(), resolve = resolvePackage): string {
  const name = PACKAGES[`${machine.platform}-${machine.arch}`];
  if (name === undefined || (machine.platform === 'linux' && !machine.glibc)) {
    const libc = machine.platform === 'linux' && !machine.glibc ? ' with musl' : '';
    throw new LocalStackError(`npm has no ClickHouse for ${machine.platform}-${machine.arch}${libc}. ${ALTERNATIVES}`);
  }
  try {
    return join(dirname(resolve(`${name}/package.json`)), 'libchdb.so');
  } catch {
    throw new LocalStackError(
      `The package ${name}, which contains ClickHouse, is not installed. Run \`npm ci\` without --omit=optional. ${ALTERNATIVES}`,
    );
  }
}

const ALTERNATIVES =
  'Or set DAYBOOK_CLICKHOUSE to a clickhouse executable of 26.6.1 or newer, or CLICKHOUSE_URL to your own server.';

function resolvePackage(path: string): string {
  // The packages are dependencies of chdb, not of Daybook.
  return createRequire(createRequire(import.meta.url).resolve('chdb')).resolve(path);
}
