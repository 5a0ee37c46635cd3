import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { messageOf } from '../src/errors.js';
import { pythonTools, pythonVersion } from '../test/clients/python.js';
import { BUCKET, folderOf, type World } from './world.js';

/** Two ways in Python to load a day into a table, of which one measures nothing but the time. */
export interface PythonWays {
  /** A script: stream, gunzip, `json.loads`, map, insert with clickhouse-connect. */
  script: (day: string) => Promise<number>;
  /** dlt: its filesystem source, `read_jsonl`, its ClickHouse destination. */
  dlt: (day: string) => Promise<number>;
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Prepares Python with the pinned packages, once for all runs; returns why it cannot as one line. */
export async function openPython(world: World): Promise<PythonWays | string> {
  const version = await pythonVersion();
  if (version === undefined) return 'no python3 of 3.10 or newer';
  const requirements = new URL('python/requirements.txt', import.meta.url).href;
  const tools = await pythonTools(version, requirements).catch(
    (error: unknown) => messageOf(error).split('\n')[0] ?? '',
  );
  return tools.startsWith('/') ? waysOf(world, join(tools, 'python')) : tools;
}

function waysOf(world: World, python: string): PythonWays {
  const { nativeAddress, admin } = world.stack.clickhouse;
  const run = async (script: string, ...given: string[]) => {
    const started = performance.now();
    await execa(python, [here(script), ...given], {
      env: {
        ...world.variables,
        // The tables and the database of dlt are its own, and Daybook's user may not create them.
        ...{ BENCH_NATIVE: nativeAddress, BENCH_ADMIN: admin.user, BENCH_ADMIN_PASSWORD: admin.password },
        RUNTIME__DLTHUB_TELEMETRY: 'false',
      },
      extendEnv: false,
    });
    return performance.now() - started;
  };
  const folder = (day: string) => `${BUCKET}/${folderOf(day).replace(/\/$/, '')}`;
  return {
    script: (day) => run('python/insert.py', folder(day)),
    dlt: async (day) => {
      const work = await mkdtemp(join(tmpdir(), 'daybook-bench-dlt-'));
      try {
        return await run('python/load_with_dlt.py', folder(day), work);
      } finally {
        await rm(work, { recursive: true, force: true });
      }
    },
  };
}
