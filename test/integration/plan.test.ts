import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { forecast } from '../../src/cli/plan/forecast.js';
import { command } from '../../src/shared/commands.js';
import { daysBetween } from '../../src/shared/day.js';
import { plain } from '../../src/shared/sentence.js';
import { daybook, environment } from '../support/command.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

const DAYS = ['2026-07-01', '2026-07-02', '2026-07-03'] as const;
const [FIRST, SECOND, THIRD] = DAYS;
const TREND = 'sql/aggregates/daily_trend.sql';
const FILES = {
  ...PAYMENTS,
  [TREND]: `-- lookback: 1 day
CREATE TABLE daily_trend (day Date, events UInt64) ENGINE = MergeTree PARTITION BY day ORDER BY day;
SELECT {day:Date} AS day, sum(events) AS events FROM daily_amounts;`,
};

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), FILES, { ...PAYMENTS_CONFIG, start: FIRST });
  for (const day of DAYS) await project.put(keyOf(day, 'a'), lines(payment(day, 'a')));
});
afterAll(() => project.close());

/** Days with their outcome and the tables that a run would build. */
async function planned() {
  const ledger = () =>
    project.rows('SELECT count() AS builds FROM daybook.builds WHERE project = {name:String}', { name: project.name });
  const before = [await ledger(), await project.app.store.list(project.bucket, '')];
  const found = await forecast(project.app, daysBetween(FIRST, THIRD));
  expect([await ledger(), await project.app.store.list(project.bucket, '')], 'nothing was changed').toEqual(before);
  return {
    ...found,
    outcomes: found.days.map(({ outcome, tables }) => [outcome, ...tables.map(({ table }) => table)]),
    reasons: found.days.map(({ tables }) => tables.map(({ reason }) => reason)),
  };
}

const ALL = ['events', 'daily_amounts', 'daily_means', 'daily_trend'];

test('days that were never built are planned completely, with what has to be read', async () => {
  const { outcomes, toRead, days } = await planned();
  expect(outcomes).toEqual(DAYS.map(() => ['build', ...ALL]));
  const bytes = (await project.app.store.list(project.bucket, 'raw/')).reduce((sum, { size }) => sum + size, 0);
  expect(toRead).toEqual({ chunks: 3, objects: 3, bytes });
  expect(days.map((one) => one.command)).toEqual(DAYS.map((day) => command.run(day)));
});

test('built days are unchanged, and nothing is to be read', async () => {
  for (const day of DAYS) await project.run(day);
  const { outcomes, toRead } = await planned();
  expect(outcomes).toEqual(DAYS.map(() => ['unchanged']));
  expect(toRead).toEqual({ chunks: 0, objects: 0, bytes: 0 });
});

test('a new object builds its day, and in the next day what looks back on it; a run does exactly that', async () => {
  await project.put(keyOf(FIRST, 'b'), lines(payment(FIRST, 'b', { amount: 3 })));
  const { outcomes, reasons, toRead } = await planned();
  expect(outcomes).toEqual([['build', ...ALL], ['build', 'daily_trend'], ['unchanged']]);
  expect(reasons[0]?.[0]).toBe('events: 1 new object');
  expect(reasons[1]).toEqual([`daily_trend reads daily_amounts@${FIRST}, which is rebuilt`]);
  expect(toRead).toMatchObject({ chunks: 1, objects: 1 });
  const results = [];
  for (const day of DAYS) results.push(await project.run(day));
  expect(results.map(({ published }) => published.map(({ table }) => table).sort())).toEqual([
    [...ALL].sort(),
    ['daily_trend'],
    [],
  ]);
  expect((await planned()).outcomes).toEqual(DAYS.map(() => ['unchanged']));
});

test('a dry run of a backfill also shows the days after its range that the backfill then builds', async () => {
  await project.put(keyOf(FIRST, 'c'), lines(payment(FIRST, 'c')));
  const { code, stdout } = await daybook(
    ['backfill', '--start', FIRST, '--end', FIRST, '--dry-run', '--project', project.app.project.dir],
    environment(inject('stack')),
  );
  expect(code).toBe(0);
  expect(stdout).toContain(
    `Then the later days that look back on them:\n${SECOND}  build\n            daily_trend reads daily_amounts@${FIRST}, which is rebuilt\nTo read: 1 object, `,
  );
  expect(stdout).not.toContain(THIRD);
  const { counts } = await project.backfill({ start: FIRST, end: FIRST });
  expect(counts).toMatchObject({ published: 2, unchanged: 0 });
  const beyond = { end: FIRST, whole: true };
  expect((await forecast(project.app, [FIRST], { force: false, code: true, beyond })).later).toEqual([]);
});

test('days that differ by SQL alone are listed with the command that rebuilds them', async () => {
  await project.write(TREND, FILES[TREND].replace('sum(events)', 'sum(events) + 0'));
  const { outcomes, days } = await planned();
  expect(outcomes).toEqual(DAYS.map(() => ['code', 'daily_trend']));
  expect(days[0]?.command).toEqual(command.backfill(FIRST, FIRST));
  const { code, stdout } = await daybook(
    ['plan', '--start', FIRST, '--end', SECOND, '--project', project.app.project.dir],
    environment(inject('stack')),
  );
  expect(code).toBe(0);
  expect(stdout).toContain(
    `${FIRST} to ${SECOND}  stale (code)\n            daily_trend: its SQL, its options or its table changed`,
  );
  expect(stdout).toContain('To read: 0 objects, 0 B in 0 chunks. Nothing was changed.');
  expect(stdout).toContain(`Next:\n  npx daybook backfill --start ${FIRST} --end ${SECOND}`);
  expect(stdout).not.toContain(THIRD);
});

test('a day whose run would fail says why, and the others are still planned', async () => {
  await project.app.store.remove(project.bucket, [keyOf(THIRD, 'a')]);
  const { days } = await planned();
  expect(days.map(({ outcome }) => outcome)).toEqual(['code', 'code', 'fails']);
  expect(days[2]?.notes.map(plain).join()).toContain(
    '1 of 1 object that 2026-07-03 was published from is no longer listed',
  );
  const none = ['2026-09-01', '2026-09-03'] as const;
  const range = ['--start', none[0], '--end', none[1], '--project', project.app.project.dir];
  const { stdout } = await daybook(['plan', ...range], environment(inject('stack')));
  expect(stdout).toMatch(
    /^2026-09-01 to 2026-09-03 {2}would fail; of 2026-09-01:\n {12}events: s3:.*2026-09-01\/ holds no/,
  );
  const dry = await daybook(['backfill', ...range, '--dry-run'], environment(inject('stack')));
  expect([dry.code, dry.stdout]).toEqual([0, stdout]);
});
