import { readdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectClickHouse } from '../../src/clickhouse/client.js';
import { processVariables, readEnv } from '../../src/env.js';
import { demoDays, demoTotals } from '../../src/local/demo/generate.js';
import { processArguments } from '../../src/local/processes/processes.js';
import { stackVariables, type Stack } from '../../src/local/stack-file.js';
import { startStack, stopStack } from '../../src/local/stack.js';
import { numberText } from '../../src/shared/format.js';
import { scheduleId } from '../../src/shared/names.js';
import { connectTemporal } from '../../src/temporal/client.js';
import { blocksOf, withoutTimes } from '../support/documented.js';
import { temporaryFolder } from '../support/stack.js';

const DAYBOOK = fileURLToPath(new URL('../../bin/daybook.js', import.meta.url));
const LATE = '2026-11-07';
/** A day as the demo prints it: its line, and the indented ones of its steps. */
const blockOf = (output: string, day: string, which: 'first' | 'last') => {
  const lines = output.split('\n');
  const heads = lines.flatMap((line, index) => (line.startsWith(`${day} `) ? [index] : []));
  const head = (which === 'first' ? heads[0] : heads.at(-1)) ?? lines.length;
  const next = lines.findIndex((line, index) => index > head && !line.startsWith('  '));
  return lines.slice(head, next).join('\n');
};

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let dir: string;
let trap: Server;
/** Connections that went where the user's shell points. */
let trapped = 0;
let first: Awaited<ReturnType<typeof demo>>;
let left: string[];

beforeAll(async () => {
  folder = await temporaryFolder('demo');
  dir = join(folder.path, 'stack');
  trap = createServer((socket) => {
    trapped++;
    socket.destroy();
  });
  await new Promise<void>((listening) => trap.listen(0, '127.0.0.1', listening));
  first = await demo();
  left = await running();
});
afterAll(async () => {
  await stopStack(dir);
  trap.close();
  await folder.remove();
});

/** The command itself, in a shell that is used for production otherwise: every service that it names is the trap. */
async function demo(...args: string[]) {
  const { port } = trap.address() as { port: number };
  const production = `127.0.0.1:${port}`;
  return await execa(process.execPath, [DAYBOOK, 'demo', '--dir', dir, ...args], {
    reject: false,
    cwd: folder.path,
    env: {
      ...{ TEMPORAL_ADDRESS: production, TEMPORAL_NAMESPACE: 'production', TEMPORAL_API_KEY: 'production-key' },
      ...{ TEMPORAL_TLS: 'true', TEMPORAL_PROFILE: 'production', TEMPORAL_CONFIG_FILE: '/production.toml' },
      ...{ CLICKHOUSE_URL: `http://${production}`, CLICKHOUSE_USER: 'production', CLICKHOUSE_PASSWORD: 'production' },
      ...{ AWS_ENDPOINT_URL_S3: `http://${production}`, AWS_ENDPOINT_URL: `http://${production}` },
      ...{ AWS_PROFILE: 'production', AWS_ACCESS_KEY_ID: 'production', AWS_SECRET_ACCESS_KEY: 'production' },
      ...{ AWS_USE_FIPS_ENDPOINT: 'true', AWS_REGION: 'production', AWS_SESSION_TOKEN: 'production' },
      ...{ DAYBOOK_PROJECT: '/production', DAYBOOK_S3_COLLECTION: 'production' },
      ...{ DAYBOOK_S3_ENGINE_ENDPOINT: `http://${production}`, https_proxy: `http://${production}` },
    },
  });
}

/** Command lines of everything that still runs in the demo's folder. */
async function running(): Promise<string[]> {
  if (process.platform !== 'linux') return [];
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const lines = await Promise.all(pids.map(processArguments));
  return lines.filter((line) => line.includes(folder.path));
}

/** The stack that the demo left behind, for as long as `use` lasts. */
async function reopened<T>(use: (stack: Stack) => Promise<T>): Promise<T> {
  const { stack, stop } = await startStack({ dir, env: readEnv(processVariables()) });
  try {
    return await use(stack);
  } finally {
    await stop();
  }
}

async function published(stack: Stack) {
  const clickhouse = connectClickHouse(readEnv(stackVariables(stack)).clickhouse);
  try {
    const days = await clickhouse.rows<{ day: string; rows: number; orders: number; cents: number }>({
      sql: `
SELECT day, toInt32(rows) AS rows, toInt32(orders) AS orders, toInt32(revenue * 100) AS cents
FROM (SELECT day, count() AS rows FROM analytics.events GROUP BY day) AS counted
LEFT JOIN analytics.daily_summary AS summary ON summary.day = counted.day
ORDER BY day`,
    });
    const generations = await clickhouse.rows<{ day: string; last: number }>({
      sql: `SELECT day, toInt32(max(generation)) AS last FROM daybook.publishes WHERE event = 'done' GROUP BY day ORDER BY day`,
    });
    return { days, generations };
  } finally {
    await clickhouse.close();
  }
}

/** What the README shows of the demo; in its order: of the first run, of the second. */
const shown = blocksOf('README.md').filter(({ section, kind }) => section === 'See it run' && kind === 'text');

/** Lines without what differs from run to run: times, ports, passwords, the folder, and how wide the page is. */
const comparable = (text: string) =>
  withoutTimes(text.replaceAll(dir, '.daybook'))
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
    .replaceAll(/reader:(?:\w+|<password>)/g, 'reader:PASSWORD')
    .split('\n')
    .map((line) => line.trim().replaceAll(/ +/g, ' '));

/** The lines of a block that an output has, in their order; a line `…` means any number of others. */
function linesShown(output: string, block: string): string[] {
  const lines = comparable(output);
  let at = 0;
  return comparable(block).filter((line) => {
    const found = line === '…' ? at : lines.indexOf(line, at);
    if (found >= 0) at = found;
    return found >= 0;
  });
}

const expectedDays = () => {
  const { days } = demoTotals(2);
  return demoDays().map((day) => ({
    day,
    rows: days[day]?.rows,
    orders: days[day]?.orders,
    cents: days[day]?.revenueCents,
  }));
};

test('the first run publishes every day, exits by itself, and its last line is the command that opens it again', () => {
  expect(first).toMatchObject({ exitCode: 0 });
  const { days } = demoTotals(1);
  for (const day of demoDays()) {
    const block = blockOf(first.stdout, day, 'first');
    expect(block).toContain(`events ${numberText(days[day]?.rows ?? 0)} rows`);
    for (const step of ['listed', 'normalize', 'load', 'refresh', 'test', 'publish']) expect(block).toContain(step);
  }
  expect(first.stdout.split('\n').at(-1)).toBe(`npx daybook local up --dir ${dir}`);
});

test('the README shows what the demo prints', () => {
  const text = shown[0]?.text ?? '';
  expect(linesShown(first.stdout, text)).toEqual(comparable(text));
});

test('the late object rebuilds its day and the model that looks back on it, and every other table stays as it is', () => {
  const { days } = demoTotals(2);
  for (const day of demoDays()) {
    const block = blockOf(first.stdout, day, 'last');
    if (day === LATE)
      expect(block).toMatch(new RegExp(`events ${numberText(days[day]?.rows ?? 0)} rows[^]*publish +6 tables`));
    else if (day > LATE) expect(block).toMatch(/publish +1 table .*: weekly_buyers/);
    else expect(block).toMatch(/ · unchanged/);
  }
  expect(first.stdout).toContain(
    'The late object rebuilt 2026-11-07, and weekly_buyers of the 2 days that look back on it.',
  );
});

test('the last day waits for the marker of its source, and continues when the marker exists', () => {
  const last = demoDays().at(-1) ?? '';
  expect(first.stdout).toContain(`raw/orders/dt=${last}/_SUCCESS does not exist yet`);
  expect(first.stdout).toMatch(/wait +all sources are complete/);
});

test('a day with an empty feed is published without rows of it, if the source says so', () => {
  expect(blockOf(first.stdout, demoDays()[0] ?? '', 'first')).toContain('returns 0 rows');
  expect(blockOf(first.stdout, LATE, 'first')).toContain('returns 4 rows');
});

test('an edit is shown with its statement and the days that it makes stale, and changes nothing', () => {
  expect(first.stdout).toContain('ALTER TABLE analytics.daily_summary ADD COLUMN basket');
  expect(first.stdout).toContain('stale (code): daily_summary of 2026-11-05 to 2026-11-09, no other table');
});

test('it fits a terminal of 100 columns, and has no colours without a terminal', () => {
  expect(first.stdout.split('\n').filter((line) => line.length > 100 && !line.includes(dir))).toEqual([]);
  expect(first.stdout).not.toContain('\u001b');
});

test('it leaves no process behind', () => {
  expect(left).toEqual([]);
});

test('the data on disk has the totals that were written, and the schedule exists and is paused', async () => {
  await reopened(async (stack) => {
    const { days, generations } = await published(stack);
    expect(days).toEqual(expectedDays());
    expect(generations).toEqual(demoDays().map((day) => ({ day, last: day < LATE ? 1 : 2 })));
    const client = await connectTemporal(readEnv(stackVariables(stack)).temporal);
    const { state, spec } = await client.schedule.getHandle(scheduleId('shop')).describe();
    await client.connection.close();
    expect([state.paused, spec.timezone]).toEqual([true, 'Europe/Berlin']);
  });
});

test('the second run finds nothing to do and says so; a stack that was up stays up, unchanged', async () => {
  await reopened(async (stack) => {
    const before = await published(stack);
    const second = await demo();
    expect(second).toMatchObject({ exitCode: 0 });
    const text = shown[1]?.text ?? '';
    expect(linesShown(second.stdout, text)).toEqual(comparable(text));
    expect(second.stdout).toContain('Nothing to do: all 5 days are unchanged');
    expect(second.stdout.match(/ · unchanged/g)).toHaveLength(demoDays().length);
    expect(second.stdout.split('\n').at(-1)).toBe(`npx daybook local down --dir ${dir}`);
    expect(await published(stack)).toEqual(before);
  });
});

test('the services that the shell names got no request', () => {
  expect(trapped).toBe(0);
});
