import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { apply } from '../../src/cli/apply/index.js';
import { archiveDatabase } from '../../src/shared/names.js';
import { workflowId } from '../../src/shared/names.js';
import { commandOf } from '../support/command.js';
import { diesBefore, diesBeforeRecord } from '../support/crash.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

const MODEL = 'sql/aggregates/daily_amounts.sql';
const FILES = {
  ...PAYMENTS,
  'sql/aggregates/two_days.sql': `-- lookback: 1 day
-- holes: allow
CREATE TABLE two_days (day Date, events UInt64) ENGINE = MergeTree PARTITION BY day ORDER BY day;
SELECT {day:Date} AS day, count() AS events FROM events;`,
};

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), FILES, PAYMENTS_CONFIG);
});
afterAll(() => project.close());

const command = commandOf(inject('stack'), () => project);

const rowsOf = async (day: string) =>
  Object.fromEntries((await project.state(day)).tables.map(({ table, rows }) => [table, Number(rows)]));
const hashes = async (day: string) => (await project.state(day)).tables;
const eventsOf = async (day: string, generation: number) => [
  ...new Set(
    (await project.state(day)).publishes
      .filter((one) => one.generation === generation)
      .map(({ events }) => events.join()),
  ),
];

/** A day with one payment, published again with a second one; answers what readers had first. */
async function publishedTwice(day: string) {
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a')));
  await project.run(day);
  const first = await hashes(day);
  await project.put(keyOf(day, 'b'), lines(payment(day, 'b', { amount: 5 })));
  await project.run(day);
  expect(await hashes(day)).not.toEqual(first);
  return first;
}

test('a rollback restores what readers had, holds the day, and names the later days that look back on it', async () => {
  const day = '2026-06-01';
  const first = await publishedTwice(day);
  await project.put(keyOf('2026-06-02', 'a'), lines(payment('2026-06-02', 'a')));
  await project.run('2026-06-02');

  const taken = await command('rollback', '--day', day, '--reason', 'amounts were doubled');
  const ran = await (await project.app.temporal()).workflow.getHandle(workflowId.day(project.name, day)).describe();
  expect(await ran.staticSummary()).toBe(`${project.name}, rollback of ${day}`);
  expect(await ran.staticDetails()).toContain('Started by hand, for a rollback.');
  expect(taken.code).toBe(0);
  expect(taken.stdout).toContain('rolled back to generation 1: events 1 row of generation 1; daily_amounts 1 row');
  expect(taken.stdout).toContain(`2026-06-02 looks back on this day: stale until rebuilt`);
  expect(taken.stdout.trimEnd().split('\n').at(-1)).toBe(`${day} rolled-back`);
  expect(await hashes(day)).toEqual(first);
  expect(await eventsOf(day, 2)).toEqual(['intent,done,rollback,undone']);
  const current = await project.app.ledger.currentPublishes(day, day);
  expect(new Set(current.map(({ generation }) => generation))).toEqual(new Set([1]));

  // Held: neither a run nor a plan touches it; what looks back on it takes it as it is.
  const looked = await project.run(day);
  expect(looked.outcome).toBe('held');
  expect(looked.notes).toEqual([
    expect.stringMatching(
      /^2026-06-01 is held since .* UTC \(amounts were doubled\)\. Release it: npx daybook unhold --day 2026-06-01$/,
    ),
  ]);
  expect((await command('status')).stdout).toMatch(/^2026-06-01 {2}held .*amounts were doubled$/m);
  expect((await command('plan', '--day', day)).stdout).toMatch(/^2026-06-01 {2}held\n +2026-06-01 is held since/);
  const later = await project.run('2026-06-02');
  expect(later.outcome).toBe('published');
  expect(await rowsOf('2026-06-02')).toMatchObject({ two_days: 1 });
  expect(await project.rows(`SELECT events FROM two_days WHERE day = '2026-06-02'`)).toEqual([{ events: '2' }]);

  expect((await command('unhold', '--day', day)).stdout).toContain(`${day} is released`);
  expect(await project.run(day)).toMatchObject({ outcome: 'published', generation: 4 });
  expect(await rowsOf(day)).toMatchObject({ events: 2 });
});

test.each([
  ['2026-06-05', 'before the first swap', () => diesBefore(project, 'roll back events')],
  ['2026-06-06', 'between two swaps', () => diesBefore(project, 'roll back daily_amounts')],
  ['2026-06-07', 'before it is written down', () => diesBeforeRecord(project, 'undone')],
])('%s: a rollback that dies %s is finished by the next run', async (day, _, world) => {
  const first = await publishedTwice(day);
  const { build, undoes } = await project.attempt().planRollback({ day });
  const dying = project.attempt({ world: world() });
  await expect(dying.rollback({ build, undoes, reason: '' })).rejects.toThrow('the worker died');
  expect(await project.app.ledger.openIntents(day)).toHaveLength(4);

  const next = await project.run(day);
  expect(next.outcome).toBe('held');
  expect(next.steps[0]?.what).toBe('unfinished publish of generation 2 rolled back (4 tables)');
  expect(await hashes(day)).toEqual(first);
  expect(await eventsOf(day, 2)).toEqual(['intent,done,rollback,undone']);
});

test('a second attempt undoes only the same publishes; the only publish of a day is rolled back only on request', async () => {
  const day = '2026-06-08';
  const first = await publishedTwice(day);
  const { build, undoes } = await project.attempt().planRollback({ day });
  await project.attempt().rollback({ build, undoes, reason: '' });
  const again = await project.attempt({ attempt: 2 }).rollback({ build, undoes, reason: '' });
  expect(again.tables).toContainEqual({ table: 'events', rows: 1, generation: 1 });
  expect(await hashes(day)).toEqual(first);

  const repeated = await command('rollback', '--day', day);
  expect(repeated).toMatchObject({ code: 0 });
  expect(repeated.stdout).toContain('readers have generation 1 already, nothing was changed: events 1 row of');
  expect(await hashes(day)).toEqual(first);

  await command('unhold', '--day', day);
  const only = await command('rollback', '--day', day);
  expect(only).toMatchObject({ code: 1 });
  expect(only.stderr).toContain(
    `Generation 1 is the only publish of ${day}: rolling it back leaves readers no row of the day. ` +
      `If that is wanted: npx daybook rollback --day ${day} --to-empty`,
  );
  expect(await hashes(day)).toEqual(first);
  expect(await project.app.ledger.holdOf(day)).toBeUndefined();

  const second = await command('rollback', '--day', day, '--to-empty');
  expect(second.stdout).toContain('rolled back to no rows: events is no longer published');
  expect(await rowsOf(day)).toEqual({ events: 0, daily_amounts: 0, daily_means: 0, two_days: 0 });
  expect(await project.app.ledger.currentPublishes(day, day)).toEqual([]);

  expect(await command('rollback', '--day', day, '--to-empty')).toMatchObject({ code: 0 });
  await command('unhold', '--day', day);
  const third = await command('rollback', '--day', day);
  expect(third.code).toBe(1);
  expect(third.stderr).toContain(`Nothing of ${day} is published, so there is nothing to roll back`);
  expect((await command('status', '--day', day)).stdout).not.toContain('failed');
});

test('a rollback over several publishes restores the one that it names; repeating it changes nothing', async () => {
  const day = '2026-06-14';
  const first = await publishedTwice(day);
  const second = await hashes(day);
  await project.put(keyOf(day, 'c'), lines(payment(day, 'c', { amount: 7 })));
  await project.run(day);

  const preview = await command('rollback', '--day', day, '--generation', '1', '--dry-run');
  expect(preview.code).toBe(0);
  expect(preview.stdout).toMatch(/^ +3 {2}events +3 {2}20\d\d-.* \d+ minutes? +readers have it$/m);
  expect(preview.stdout).toMatch(/^ +2 {2}events +2 {2}20\d\d-.* archived$/m);
  expect(preview.stdout.trimEnd().split('\n').at(-1)).toMatch(
    new RegExp(`^A rollback restores generation 1: npx daybook rollback --day ${day} --generation 1`),
  );
  expect(await project.app.ledger.holdOf(day)).toBeUndefined();

  const command1 = ['rollback', '--day', day, '--generation', '1'] as const;
  expect((await command(...command1)).stdout).toContain('rolled back to generation 1: events 1 row of generation 1');
  expect(await hashes(day)).toEqual(first);
  for (const generation of [2, 3]) expect(await eventsOf(day, generation)).toEqual(['intent,done,rollback,undone']);
  const before = await project.state(day);
  expect(await command(...command1)).toMatchObject({ code: 0 });
  expect(await project.state(day)).toEqual(before);

  const repeated = await command('rollback', '--day', day, '--dry-run');
  expect(repeated.stdout).toMatch(/\nReaders have generation 1 already: a rollback changes nothing\.$/);

  // What was undone can't be restored; what is built after it can be rolled back in its turn.
  const gone = await command('rollback', '--day', day, '--generation', '2');
  expect(gone).toMatchObject({ code: 1 });
  expect(gone.stderr).toContain(`Generation 2 of ${day} is not published; found 1.`);
  await project.run(day, true);
  expect(await hashes(day)).not.toEqual(second);
  expect((await command('rollback', '--day', day)).code).toBe(0);
  expect(await hashes(day)).toEqual(first);
});

test('a rollback over several publishes that dies between its swaps is ended by the next run', async () => {
  const day = '2026-06-15';
  const first = await publishedTwice(day);
  await project.put(keyOf(day, 'c'), lines(payment(day, 'c', { amount: 7 })));
  await project.run(day);
  const { build, undoes, target } = await project.attempt().planRollback({ day, generation: 1 });
  expect({ undoes, target }).toEqual({ undoes: 3, target: 1 });
  const dying = project.attempt({ world: diesBefore(project, 'roll back daily_amounts') });
  await expect(dying.rollback({ build, undoes, target: 1, reason: '' })).rejects.toThrow('the worker died');

  // Without a target it means the rollback that was begun, not one more.
  expect((await command('rollback', '--day', day)).code).toBe(0);
  expect(await hashes(day)).toEqual(first);
  expect(await project.app.ledger.openIntents(day)).toEqual([]);
});

test('a build that was planned before a rollback publishes nothing after it', async () => {
  const day = '2026-06-09';
  const first = await publishedTwice(day);
  await project.put(keyOf(day, 'c'), lines(payment(day, 'c')));
  const older = await project.build(day);
  const { build, undoes } = await project.attempt().planRollback({ day });
  await project.attempt().rollback({ build, undoes, reason: '' });
  await expect(project.attempt().publish(older)).rejects.toMatchObject({ type: 'Superseded' });
  expect(await hashes(day)).toEqual(first);
});

test('a day that is held while it is being built is not published; a forced run publishes and releases it', async () => {
  const day = '2026-06-10';
  const first = await publishedTwice(day);
  await project.put(keyOf(day, 'c'), lines(payment(day, 'c')));
  const input = await project.build(day);
  expect((await command('hold', '--day', day, '--reason', 'audited')).stdout).toContain(
    `${day} is held: no run builds it`,
  );
  const before = await hashes(day);
  expect(before).not.toEqual(first);
  await expect(project.attempt().publish(input)).rejects.toMatchObject({ type: 'Held' });
  expect(await hashes(day)).toEqual(before);

  expect((await project.run(day, true)).outcome).toBe('published');
  expect(await rowsOf(day)).toMatchObject({ events: 3 });
  expect(await project.app.ledger.holdOf(day)).toBeUndefined();
});

test('a day that is held while a forced backfill builds it is not published, and stays held', async () => {
  const day = '2026-06-13';
  await publishedTwice(day);
  const { build } = await project.attempt().list({ day, force: true, code: true });
  const act = project.attempt();
  const events = await act.load({ build, table: 'events' });
  await command('hold', '--day', day, '--reason', 'audited');
  const before = await project.state(day);
  await expect(act.publish({ build, tables: [events] })).rejects.toMatchObject({ type: 'Held' });
  expect(await project.state(day)).toEqual(before);
  expect(await project.app.ledger.holdOf(day)).toMatchObject({ reason: 'audited' });
});

test('a rollback whose archive is gone is refused by name, and changes nothing', async () => {
  const day = '2026-06-11';
  await publishedTwice(day);
  const before = await project.state(day);
  const [record] = await project.app.ledger.currentPublishes(day, day);
  await project.admin.run({
    sql: `DROP TABLE ${archiveDatabase(project.name)}.${record?.archive ?? ''} SYNC`,
  });
  const refused = await command('rollback', '--day', day);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(
    /cannot be rolled back: .* no longer exists .*keepPrevious.* npx daybook run --day 2026-06-11 --force/,
  );
  expect(await project.state(day)).toEqual(before);
  expect(await project.app.ledger.holdOf(day)).toBeUndefined();
});

test('archives from before a column was added are restored by column name', async () => {
  const day = '2026-06-12';
  await publishedTwice(day);
  await project.write(
    MODEL,
    (PAYMENTS[MODEL] ?? '').replace(
      'amount Decimal(18, 2))',
      'amount Decimal(18, 2), largest Decimal(10, 2) DEFAULT 9)',
    ),
  );
  await apply(project.app, () => undefined);
  expect((await command('verify', '--day', day)).code).toBe(0);

  expect((await command('rollback', '--day', day)).code).toBe(0);
  expect(await project.rows(`SELECT events, amount, largest FROM daily_amounts WHERE day = '${day}'`)).toEqual([
    { events: 1, amount: 1, largest: 9 },
  ]);
  expect((await command('verify', '--day', day)).code).toBe(0);
});
