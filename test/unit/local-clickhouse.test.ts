import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readEnv } from '../../src/env.js';
import { serverArguments } from '../../src/local/clickhouse/config.js';
import { findClickHouse } from '../../src/local/clickhouse/executable.js';
import { localGrants } from '../../src/local/clickhouse/grants.js';
import { findLibrary } from '../../src/local/clickhouse/library.js';
import { LocalStackError } from '../../src/local/local-error.js';
import { childSpecs } from '../../src/local/processes/children.js';
import { temporaryFolder } from '../support/stack.js';

describe('ClickHouse as a library', () => {
  const installed = (path: string) => `/packages/${path}`;

  test.each([
    ['linux', 'x64', '@chdb/lib-linux-x64-gnu'],
    ['linux', 'arm64', '@chdb/lib-linux-arm64-gnu'],
    ['darwin', 'x64', '@chdb/lib-darwin-x64'],
    ['darwin', 'arm64', '@chdb/lib-darwin-arm64'],
  ])('on %s-%s comes from %s', (platform, arch, name) => {
    const glibc = platform === 'linux';
    expect(findLibrary({ platform, arch, glibc }, installed)).toBe(`/packages/${name}/libchdb.so`);
  });

  test.each([
    [{ platform: 'win32', arch: 'x64', glibc: false }, 'npm has no ClickHouse for win32-x64.'],
    [{ platform: 'linux', arch: 'ia32', glibc: true }, 'npm has no ClickHouse for linux-ia32.'],
    [{ platform: 'linux', arch: 'x64', glibc: false }, 'npm has no ClickHouse for linux-x64 with musl.'],
  ])('is not there for %o, which is said with the ways out', (machine, said) => {
    const find = () => findLibrary(machine, installed);
    expect(find).toThrow(LocalStackError);
    expect(find).toThrow(said);
    expect(find).toThrow(/DAYBOOK_CLICKHOUSE to a clickhouse executable .* CLICKHOUSE_URL/);
  });

  test('that npm left out is named', () => {
    const find = () =>
      findLibrary({ platform: 'linux', arch: 'x64', glibc: true }, () => {
        throw new Error('not found');
      });
    expect(find).toThrow(
      /@chdb\/lib-linux-x64-gnu, which contains ClickHouse, is not installed.*--omit=optional.*DAYBOOK_CLICKHOUSE/,
    );
  });

  test('is there for this machine', () => {
    expect(findLibrary()).toMatch(/libchdb\.so$/);
  });
});

describe('an executable of your own', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeEach(async () => {
    folder = await temporaryFolder('executable');
  });
  afterEach(() => folder.remove());

  async function executable(says: string, mode = 0o755): Promise<string> {
    const path = join(folder.path, 'clickhouse');
    await writeFile(path, `#!/bin/sh\n[ "$*" = 'local --version' ] && echo '${says}'\n`);
    await chmod(path, mode);
    return path;
  }
  const find = (path: string) => findClickHouse(readEnv({ DAYBOOK_CLICKHOUSE: path }), () => undefined);

  test('of the least version is taken', async () => {
    const path = await executable('ClickHouse local version 26.6.1.1193 (official build).');
    expect(await find(path)).toBe(path);
  });

  test.each([
    ['that is too old', 'ClickHouse local version 26.5.9.1 (official build).', 0o755, 'is 26.5.9.1, older than 26.6.1'],
    ['that is another program', 'good morning', 0o755, 'does not print its version'],
    ['that may not be executed', 'ClickHouse local version 26.7.2.1', 0o644, 'is not an executable file'],
  ])('%s is refused with what to do', async (_, says, mode, reason) => {
    const path = await executable(says, mode);
    await expect(find(path)).rejects.toThrow(LocalStackError);
    await expect(find(path)).rejects.toThrow(
      new RegExp(`DAYBOOK_CLICKHOUSE names ${path}, which ${reason}.* 26\\.6\\.1 or newer, or unset the variable`),
    );
  });

  test('that does not exist is refused', async () => {
    await expect(find(join(folder.path, 'none'))).rejects.toThrow('is not an executable file');
  });

  test('is started with the statements that open the ports, and ends with its standard input', () => {
    const spec = specOf('/opt/clickhouse');
    expect(spec.command).toBe('/opt/clickhouse');
    expect(spec.args).toEqual(['local', ...serverArguments('/stack', 'stdin')]);
    expect(spec.args.at(-1)).toMatch(/^--query=SYSTEM START LISTEN HTTP; SYSTEM START LISTEN TCP; .* file\(stdin,/);
  });

  test('is not needed: the library is started by Node', () => {
    const spec = specOf(undefined);
    expect(spec.command).toBe(process.execPath);
    expect(spec.args.join(' ')).toMatch(/clickhouse\/main\.ts --dir \/stack$/);
  });
});

const specOf = (clickhouse: string | undefined) =>
  childSpecs(
    {
      stack: {
        format: 1,
        dir: '/stack',
        temporal: { address: '', uiUrl: '', namespace: 'default' },
        clickhouse: {
          url: '',
          nativeAddress: '',
          ...{ user: 'daybook', password: '' },
          reader: { user: 'reader', password: '' },
          admin: { user: 'admin', password: '' },
        },
        s3: { endpoint: '', region: '', accessKeyId: '', secretAccessKey: '', kind: 'fauxqs' },
      },
      ports: { temporal: 1, temporalUi: 2, clickhouse: 3, s3: 4 },
      executables: { temporal: undefined, versitygw: undefined, clickhouse },
      metadata: undefined,
    },
    '/tmp',
  ).clickhouse;

describe('the rights of the local stack', () => {
  test('on live tables are those of production for a database of any name, and none on what is not live', () => {
    const grants = localGrants(`
-- A comment; with a semicolon.
GRANT SELECT, ALTER DELETE ON analytics.* TO daybook;
GRANT SELECT ON daybook_shop_*.* TO daybook;
GRANT SELECT ON system.parts TO daybook;`);
    expect(grants).toEqual([
      'GRANT SELECT, ALTER DELETE ON *.*',
      'REVOKE SELECT, ALTER DELETE ON system.*',
      'REVOKE SELECT, ALTER DELETE ON information_schema.*',
      'REVOKE SELECT, ALTER DELETE ON INFORMATION_SCHEMA.*',
      'REVOKE SELECT, ALTER DELETE ON daybook.*',
      'REVOKE SELECT, ALTER DELETE ON daybook_*.*',
      'GRANT SELECT ON daybook_*.*',
      'GRANT SELECT ON system.parts',
      'GRANT dictGet ON *.*',
    ]);
  });

  test('come from grants to daybook alone', () => {
    expect(() => localGrants('GRANT SELECT ON a.* TO guest')).toThrow('Not a grant to daybook');
  });
});
