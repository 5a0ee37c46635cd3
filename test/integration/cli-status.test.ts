import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { commandLine, command as npx, type Command } from '../../src/shared/commands.js';
import { daybook, environment } from '../support/command.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

const GOOD = '2026-11-02';
const HOLE = '2026-11-03';
const BAD = '2026-11-04';
const ESCAPE = '\u001b[31mred';

let project: DayProject;

/** Two days of three: one published with a reject, a skipped and a blank line and a duplicate; one that was refused. */
beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, {
    ...PAYMENTS_CONFIG,
    start: '2026-11-01',
    sources: { events: { ...PAYMENTS_CONFIG.sources['events'], prefix: 'raw/{YYYY}-{MM}-{DD}/', maxRejects: '30%' } },
  });
  await project.put(keyOf(GOOD, 'a'), lines(payment(GOOD, 'a'), payment(GOOD, 'b'), 'no json at all', ''));
  await project.put(keyOf(GOOD, 'b'), lines(payment(GOOD, 'b'), payment(GOOD, 'c', { note: 'skip me' })));
  await project.run(GOOD);
  await project.put(
    keyOf(BAD, 'a'),
    lines(
      payment(BAD, 'x', { amount: 'much' }),
      payment(BAD, 'y', { amount: 'more' }),
      `{"note": "${ESCAPE}"`,
      payment(BAD, 'z'),
    ),
  );
  await project.fail(BAD);
});
afterAll(() => project.close());

/** A command as it is printed, which is about another folder than the current one. */
const typed = (one: Command) => commandLine(one, project.app.project.dir);
const run = (...args: string[]) => command({}, ...args);
const command = (changes: Record<string, string>, ...args: string[]) =>
  daybook([...args, '--project', project.app.project.dir], environment(inject('stack'), changes));
const json = async (...args: string[]) => JSON.parse((await run(...args, '--output', 'json')).stdout) as unknown;

test('status shows each day up to the newest: published, never built, failed and why; and what is missing since', async () => {
  const { code, stdout } = await run('status');
  expect(code).toBe(0);
  const rows = stdout.split('\n').filter((line) => /^2026-\d\d-\d\d {2}/.test(line));
  expect(rows.map((row) => row.split(/ {2,}/).slice(0, 2))).toEqual([
    ['2026-11-01', 'not built'],
    [GOOD, 'published'],
    [HOLE, 'not built'],
    [BAD, 'failed'],
  ]);
  expect(rows[1]).toMatch(/published +1 +\d{4}-\d\d-\d\d \d\d:\d\d +2 +1$/);
  expect(rows[3]).toMatch(/at load: events: 3 of 4 lines/);
  expect(stdout).toMatch(/2026-11-05 to .* are not built. Build them: npx daybook backfill --start 2026-11-05 --end /);
});

test('status --days shows the newest days and counts the earlier ones', async () => {
  const { stdout } = await run('status', '--days', '1');
  expect(stdout.match(/^2026-11-0\d {2}/gm)).toHaveLength(1);
  expect(stdout).toContain('1 earlier day: npx daybook status --days 2');
});

test('status --output json holds for each day what the ledger knows', async () => {
  expect(await json('status')).toMatchObject({
    project: project.name,
    zone: 'UTC',
    temporal: { answers: true },
    earlier: 0,
    missing: { first: '2026-11-05' },
    days: [
      { day: '2026-11-01', state: 'not built', generation: 0, at: null, published: [] },
      {
        day: GOOD,
        state: 'published',
        generation: 1,
        open: [],
        running: null,
        published: [
          { table: 'events', rows: 2, generation: 1 },
          { table: 'daily_amounts', rows: 1 },
          { table: 'daily_means', rows: 1 },
        ],
        folder: { lines: 6, rows: 3, rejected: 1, skipped: 1, blank: 1 },
      },
      { day: HOLE, state: 'not built' },
      { day: BAD, state: 'failed', step: 'load', published: [], folder: { lines: 4, rows: 1, rejected: 3 } },
    ],
  });
});

test('status --day shows the tables, the tests, the rejects by reason, and both accounts, which balance', async () => {
  const { code, stdout } = await run('status', '--day', GOOD, '--accounts');
  expect(code).toBe(0);
  expect(stdout).toContain(`${project.name} ${GOOD}: published, generation 1`);
  expect(stdout).toMatch(/^daily_amounts +1 +1 +\d{4}-/m);
  expect(stdout).toContain('Tests: 1 passed');
  expect(stdout).toMatch(/Rejected of events: 1 of 6 lines in folder 2026-11-02[^\n]*\n {2}1 {2}not a JSON object\n/);
  expect(stdout).toMatch(/^ {2}raw\/2026-11-02\/a\.json +4 +2 +1 +0 +1 {2}=$/m);
  expect(stdout).toMatch(/^events, folder 2026-11-02 +6 +3 +1 +1 +1 {2}=$/m);
  expect(stdout).toMatch(/^events +3 +2 +1 {2}=$/m);
  expect(stdout).toContain('Every line is accounted for.');
  expect(await json('status', '--day', GOOD, '--accounts')).toMatchObject({
    tests: [{ test: 'no_forbidden_note', status: 'pass' }],
    accounts: {
      published: true,
      by: 'plan',
      balanced: true,
      folders: [{ source: 'events', folder: GOOD, objects: [{ lines: 4 }, { lines: 2 }], total: { lines: 6 } }],
      tables: [{ table: 'events', rows: 3, loaded: 2, duplicates: 1, balanced: true }],
    },
  });
});

test('status --day of a failed day says where and why, that nothing is published, and what to type', async () => {
  const { code, stdout } = await run('status', '--day', BAD);
  expect(code).toBe(0);
  expect(stdout).toContain('Failed at step load: events: 3 of 4 lines');
  expect(stdout).toContain('Nothing of this day is published.');
  expect(stdout.split('Next:\n')[1]).toBe(`  ${typed(npx.rejects(BAD, 'events'))}\n  ${typed(npx.run(BAD))}`);
});

test('rejects shows the lines of a day that failed for too many of them, grouped by fault', async () => {
  const { code, stdout } = await run('rejects', '--day', BAD);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^events, folder 2026-11-04: 3 of 4 lines rejected\n {2}2 {2}amount: does not fit Decimal\(10, 2\)\n/,
  );
  expect(stdout).toContain(`raw/${BAD}/a.json:1  amount: 'much' does not fit Decimal(10, 2)`);
  expect(stdout, 'a raw line must not reach the terminal as it is').not.toContain('\u001b');
});

test('rejects --output json holds the whole text of each line; --limit bounds the lines, not the counts', async () => {
  expect(await json('rejects', '--day', BAD, '--limit', '2')).toMatchObject({
    day: BAD,
    sources: [
      {
        source: 'events',
        lines: 4,
        rejected: 3,
        reasons: [{ lines: 2 }, { reason: 'not a JSON object', lines: 1 }],
        rows: [{ line: 1, text: payment(BAD, 'x', { amount: 'much' }) }, { line: 2 }],
      },
    ],
  });
  const all = (await json('rejects', '--day', BAD)) as { sources: { rows: { text: string }[] }[] };
  expect(all.sources[0]?.rows.at(-1)?.text).toBe(`{"note": "${ESCAPE}"`);
});

test('rejects of a day that was never built, and of an unknown source, say so', async () => {
  expect(await run('rejects', '--day', HOLE)).toMatchObject({
    code: 0,
    stdout: `${HOLE} was never built. Build it: ${typed(npx.run(HOLE))}`,
  });
  const unknown = await run('rejects', '--day', BAD, '--source', 'evnets');
  expect(unknown).toMatchObject({ code: 1, stdout: '' });
  expect(unknown.stderr).toContain("has no source 'evnets'. Its sources: events.");
});

test('status works while Temporal is down, and says what it does not know', async () => {
  const { code, stdout, stderr } = await command({ TEMPORAL_ADDRESS: '127.0.0.1:1' }, 'status');
  expect(code).toBe(0);
  expect(stdout).toMatch(new RegExp(`^${GOOD}  published`, 'm'));
  expect(stderr).toContain('Running days are unknown. No Temporal server answers at 127.0.0.1:1');
});

test('rejects and accounts come from the ledger if the store with the plans does not answer', async () => {
  const unreachable = { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1' };
  const { stdout } = await command(unreachable, 'status', '--day', GOOD, '--accounts', '--output', 'json');
  expect(JSON.parse(stdout)).toMatchObject({ accounts: { by: 'ledger', balanced: true, tables: [{ rows: 3 }] } });
  const rejects = await command(unreachable, 'rejects', '--day', BAD);
  expect(rejects.stdout).toContain('3 of 4 lines rejected');
});

test('an unfinished publish is shown, with the command that recovers it', async () => {
  const day = '2026-11-05';
  const hash = 'f'.repeat(32);
  await project.app.ledger.recordBuild({
    ...{ day, generation: 1, event: 'planned', step: '', reason: '', run: 'r', plan: '', engine: 'e' },
  });
  const record = { day, table: 'events', generation: 1, position: 0, rows: 7, hash: '1', code: hash, data: hash };
  await project.app.ledger.recordPublishes('intent', [
    { ...record, columns: [], inputs: {}, chunks: [], archive: '', archived_rows: 0, archived_hash: '0' },
  ]);
  expect((await run('status')).stdout).toMatch(/^2026-11-05 {2}stopped .*unfinished publish: run the day$/m);
  const { stdout } = await run('status', '--day', day);
  expect(stdout).toContain('Unfinished publish, run the day to recover it: events');
  expect(stdout.split('Next:\n')[1]).toBe(`  ${typed(npx.run(day))}`);
});

test('rejects are those of the SELECT that built the day, even if the SELECT was changed and changed back', async () => {
  const day = '2026-11-06';
  const path = 'sql/normalized/events.sql';
  const text = PAYMENTS[path] ?? '';
  await project.put(keyOf(day, 'a'), lines(...['p', 'q', 'r', 's'].map((id) => payment(day, id))));
  await project.run(day);
  await project.write(
    path,
    text.replace('skip_reason,', "skip_reason, if(id = 'p', 'not this one', '') AS reject_reason,"),
  );
  await project.run(day, true);
  expect((await run('rejects', '--day', day)).stdout).toMatch(/1 of 4 lines rejected\n {2}1 {2}not this one/);
  await project.write(path, text);
  await project.run(day, true);
  expect((await run('rejects', '--day', day)).stdout).toBe(`events, folder ${day}: 0 of 4 lines rejected`);
});

test('status shows the newest publish of each table, whatever its place among the swaps, in one order every day', async () => {
  const current = await project.app.ledger.currentPublishes(GOOD, GOOD);
  // The next publish swapped the same tables in another order, and has other rows.
  const next = current.map((record) => ({
    ...record,
    generation: 2,
    position: 9 - record.position,
    rows: record.rows + 40,
  }));
  await project.app.ledger.recordPublishes('done', next);
  const found = (await json('status', '--day', GOOD)) as {
    published: { table: string; generation: number; rows: number }[];
  };
  expect(found.published.map(({ table }) => table)).toEqual(['events', 'daily_amounts', 'daily_means']);
  for (const { table, generation, rows } of found.published)
    expect([generation, rows]).toEqual([2, (current.find((one) => one.table === table)?.rows ?? 0) + 40]);
});

test('a line with faults in two columns counts for each of them, so that drifting columns do not multiply the reasons', async () => {
  const day = '2026-11-15';
  await project.put(
    keyOf(day, 'a'),
    lines(
      payment(day, 'x', { amount: 'much', ts: 'soon' }),
      payment(day, 'y', { amount: 'more', ts: 'later' }),
      payment(day, 'z', { amount: 'most' }),
    ),
  );
  await project.fail(day);
  expect(await json('rejects', '--day', day)).toMatchObject({
    sources: [
      {
        rejected: 3,
        reasons: [
          { reason: 'amount: does not fit Decimal(10, 2)', lines: 3 },
          { reason: "ts: does not fit DateTime64(3, 'UTC')", lines: 2 },
        ],
      },
    ],
  });
});
