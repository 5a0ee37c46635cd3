import { once } from 'node:events';
import { openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { DAYBOOK } from '../support/command.js';
import { begin, slowly } from '../support/slow-reader.js';

/* Whatever a command prints arrives whole, however slowly it is read; a reader that goes away changes nothing else. */

// Half a second of work each, but for machines on which many processes share a core.
vi.setConfig({ testTimeout: 60_000 });

const SCRIPT = fileURLToPath(new URL('../support/print-much.ts', import.meta.url));
/** What a pipe takes at once is far less, in bytes. */
const MUCH = 5_000_000;

const printMuch = (way: string, out?: number) => begin(process.execPath, ['--import', 'tsx', SCRIPT, way], { out });

test.each(['json', 'text', 'lines', 'table'])('5 MB of %s reach a slow reader whole', async (way) => {
  const { stdout, stderr, exit } = printMuch(way);
  const [text, errors] = await Promise.all([slowly(stdout), slowly(stderr)]);
  expect(errors).toBe('');
  expect(await exit).toBe(1);
  expect(Buffer.byteLength(text)).toBeGreaterThan(MUCH);
  if (way === 'json') expect((JSON.parse(text) as { rows: unknown[] }).rows).toHaveLength(60_000);
  else expect(text.trimEnd().split('\n').at(-1)).toMatch(way === 'table' ? /^599 +a{10000}$/ : /^59999 ä+$/);
});

test('5 MB of notes on stderr reach a slow reader whole', async () => {
  const { stderr, exit } = printMuch('notes');
  const text = await slowly(stderr);
  expect(await exit).toBe(1);
  expect(Buffer.byteLength(text)).toBeGreaterThan(MUCH);
  expect(text.trimEnd().split('\n').at(-1)).toMatch(/^59999 ä+$/);
});

test.each(['json', 'lines', 'table'])(
  'a reader that goes away ends %s quietly, with the same exit code',
  async (way) => {
    const { stdout, stderr, exit } = printMuch(way);
    const errors = slowly(stderr);
    await once(stdout, 'data');
    stdout.destroy();
    expect(await exit).toBe(1);
    expect(await errors).toBe('');
  },
);

test('a reader of stderr that goes away changes no exit code', async () => {
  const { stderr, exit } = printMuch('notes');
  await once(stderr, 'data');
  stderr.destroy();
  expect(await exit).toBe(1);
});

test.runIf(process.platform === 'linux')(
  'output that the disk does not take ends with exit code 2 and says so',
  async () => {
    const { stderr, exit } = printMuch('json', openSync('/dev/full', 'w'));
    expect(await slowly(stderr)).toContain('The output could not be written: ENOSPC');
    expect(await exit).toBe(2);
  },
);

test('help and usage errors whose reader is gone keep their exit codes', async () => {
  for (const [args, code] of [
    [['--help'], 0],
    [['status', '--days', 'x'], 2],
  ] as const) {
    const { stdout, stderr, exit } = begin(process.execPath, [DAYBOOK, ...args]);
    stdout.destroy();
    stderr.destroy();
    expect(await exit).toBe(code);
  }
});
