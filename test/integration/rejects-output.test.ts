import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { DAYBOOK, environment } from '../support/command.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';
import { begin, slowly } from '../support/slow-reader.js';

/* Rejects of a day are as many and as long as they are: what `daybook rejects` prints of them arrives whole. */

const DAY = '2026-05-01';
const REJECTS = 6_000;
/** The raw line of one reject, in bytes; a pipe takes far less than all of them at once. */
const BYTES = 900;

const textOf = (index: number) => `${String(index).padStart(6, '0')} is no JSON `.padEnd(BYTES, 'x');

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, {
    ...PAYMENTS_CONFIG,
    sources: { events: { ...PAYMENTS_CONFIG.sources['events'], maxRejects: REJECTS } },
  });
  const rejects = Array.from({ length: REJECTS }, (_, index) => textOf(index));
  await project.put(keyOf(DAY, 'a'), lines(payment(DAY, 'good'), ...rejects));
  expect(await project.run(DAY)).toMatchObject({ outcome: 'published' });
});
afterAll(() => project.close());

const rejects = () => [
  DAYBOOK,
  ...['rejects', '--day', DAY, '--limit', String(REJECTS), '--output', 'json'],
  ...['--project', project.app.project.dir],
];
const env = () => environment(inject('stack'));

test('more than 5 MB of rejects as JSON reach a slow reader completely', async () => {
  const { stdout, stderr, exit } = begin(process.execPath, rejects(), { env: env() });
  const [text, errors] = await Promise.all([slowly(stdout), slowly(stderr)]);
  expect({ errors, code: await exit }).toEqual({ errors: '', code: 0 });
  expect(Buffer.byteLength(text)).toBeGreaterThan(5_000_000);
  const { sources } = JSON.parse(text) as { sources: { rejected: number; rows: { text: string }[] }[] };
  expect(sources.map(({ rejected }) => rejected)).toEqual([REJECTS]);
  expect(sources[0]?.rows.map((row) => row.text).sort()).toEqual(
    Array.from({ length: REJECTS }, (_, index) => textOf(index)),
  );
});

test('`| head -1` prints the first line alone, and the command ends as it would have', async () => {
  const pipeline = ['-o', 'pipefail', '-c', '"$0" "$@" | head -1', process.execPath, ...rejects()];
  const { stdout, stderr, exit } = begin('bash', pipeline, { env: env() });
  const [text, errors] = await Promise.all([slowly(stdout), slowly(stderr)]);
  expect({ text, errors, code: await exit }).toEqual({ text: '{\n', errors: '', code: 0 });
});
