// Over 300 lines: all that can interrupt a publish or a rollback, on one project.
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { apply } from '../../src/cli/apply/index.js';
import { final } from '../../src/errors.js';
import type { BuildRef } from '../../src/shared/build.js';
import { archiveDatabase, stageDatabase } from '../../src/shared/names.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import { diesAfterRecord, diesBefore, diesBeforeRecord, frozenBefore } from '../support/crash.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG);
});
afterAll(() => project.close());

const TABLES = ['events', 'daily_amounts', 'daily_means'];

/** Counts of a day's tables; each generation `n` of these tests has `n` payments of one unit. */
async function counts(day: string): Promise<number[]> {
  const rows = await Promise.all([
    project.rows<{ n: string }>('SELECT count() AS n FROM events WHERE day = {day:Date}', { day }),
    project.rows<{ n: string }>('SELECT sum(events) AS n FROM daily_amounts WHERE day = {day:Date}', { day }),
    project.rows<{ n: string }>('SELECT count() AS n FROM daily_means WHERE day = {day:Date}', { day }),
  ]);
  return rows.map(([one]) => Number(one?.n));
}

const stages = async ({ day }: { day: string }) =>
  (
    await project.rows<{ name: string }>('SELECT name FROM system.databases WHERE startsWith(name, {own:String})', {
      own: `daybook_${project.name}_${day.replaceAll('-', '')}_`,
    })
  ).map(({ name }) => name);

/** Returns the archive of a table's open intent or current publish. */
async function archiveOf(table: string, day: string): Promise<string> {
  const { ledger } = project.app;
  const records = [...(await ledger.openIntents(day)), ...(await ledger.currentPublishes(day, day))];
  return `${archiveDatabase(project.name)}.${records.find((record) => record.table === table)?.archive ?? ''}`;
}

const stageOf = ({ day, generation }: BuildRef) => stageDatabase(project.name, day, generation);
const eventsOf = async (day: string) =>
  (await project.state(day)).publishes.map(
    ({ generation, table, events }) => `${generation} ${table} ${events.join()}`,
  );

/** Publishes a day with one payment, and builds a second generation with two of them in its stage. */
async function builtTwice(day: string) {
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a')));
  const act = project.attempt();
  await act.publish(await project.build(day));
  expect(await counts(day)).toEqual([1, 1, 1]);
  await project.put(keyOf(day, 'b'), lines(payment(day, 'b', { amount: 3 })));
  const input = await project.build(day);
  expect(input.tables.map(({ table }) => table)).toEqual(TABLES);
  return { act, input };
}

test.each([
  ['2026-05-01', 'before the first swap', () => diesBefore(project, 'publish events'), [1, 1, 1]],
  ['2026-05-02', 'between two swaps', () => diesBefore(project, 'publish daily_amounts'), [2, 1, 1]],
  ['2026-05-03', 'before it verifies', () => diesBefore(project, 'verify the live tables'), [2, 2, 1]],
  ['2026-05-04', 'before the done record', () => diesBeforeRecord(project, 'done'), [2, 2, 1]],
])('%s: a publish that dies %s is finished by the next run', async (day, _, world, then) => {
  const { input } = await builtTwice(day);
  const act = project.attempt({ world: world() });
  await expect(act.publish(input)).rejects.toThrow('the worker died');
  expect((await counts(day)).slice(0, 2)).toEqual(then.slice(0, 2));
  expect(await project.app.ledger.openIntents(day)).toHaveLength(3);

  const result = await project.run(day);
  expect(result).toMatchObject({ outcome: 'unchanged', generation: 2 });
  expect(result.steps[0]).toMatchObject({
    step: 'recover',
    what: 'unfinished publish of generation 2 finished (3 tables)',
  });
  expect(await counts(day)).toEqual([2, 2, 1]);
  expect(await project.app.ledger.openIntents(day)).toEqual([]);
  expect((await eventsOf(day)).slice(3)).toEqual([...TABLES].sort().map((table) => `2 ${table} intent,done`));
});

test('if the stage is gone, the archives are swapped back and the day is built again', async () => {
  const day = '2026-05-05';
  const { input } = await builtTwice(day);
  const before = (await project.state(day)).tables;
  const act = project.attempt({ world: diesBefore(project, 'publish daily_amounts') });
  await expect(act.publish(input)).rejects.toThrow('the worker died');
  await project.admin.run({ sql: `DROP DATABASE ${stageOf(input.build)} SYNC` });

  expect(await project.attempt().recover({ day })).toMatchObject({
    recovered: { generation: 2, how: 'rolled back', tables: 3 },
  });
  expect(await counts(day)).toEqual([1, 1, 1]);
  expect((await eventsOf(day)).filter((text) => text.startsWith('2'))).toEqual(
    [...TABLES].sort().map((table) => `2 ${table} intent,undone`),
  );
  expect((await project.state(day)).tables).toEqual(before);

  expect(await project.run(day)).toMatchObject({ outcome: 'published', generation: 3 });
  expect(await counts(day)).toEqual([2, 2, 1]);
});

test('a first publish whose stage is gone leaves no rows of the day', async () => {
  const day = '2026-05-06';
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a')));
  const input = await project.build(day);
  const act = project.attempt({ world: diesBeforeRecord(project, 'done') });
  await expect(act.publish(input)).rejects.toThrow('the worker died');
  expect(await counts(day)).toEqual([1, 1, 1]);
  await project.admin.run({ sql: `DROP DATABASE ${stageOf(input.build)} SYNC` });
  await project.attempt().recover({ day });
  expect(await counts(day)).toEqual([0, 0, 0]);
});

test('recovery repairs old and new rows together, as a killed ClickHouse may leave them', async () => {
  const day = '2026-05-07';
  const { input } = await builtTwice(day);
  const act = project.attempt({ world: diesBefore(project, 'publish daily_amounts') });
  await expect(act.publish(input)).rejects.toThrow('the worker died');
  const old = await archiveOf('events', day);
  await project.admin.run({ sql: `INSERT INTO ${project.database}.events SELECT * FROM ${old}` });
  expect(await counts(day)).toEqual([3, 1, 1]);
  await project.attempt().recover({ day });
  expect(await counts(day)).toEqual([2, 2, 1]);
});

test('a second attempt at publish repeats the swaps and leaves the archives as they were', async () => {
  const day = '2026-05-08';
  const { input } = await builtTwice(day);
  const dying = project.attempt({ world: diesBefore(project, 'publish daily_amounts') });
  await expect(dying.publish(input)).rejects.toThrow('the worker died');
  await project.attempt({ attempt: 2 }).publish(input);
  expect(await counts(day)).toEqual([2, 2, 1]);
  expect(await project.rows(`SELECT count() AS n FROM ${await archiveOf('events', day)}`)).toEqual([{ n: '1' }]);
});

test('a publish that is repeated after it is done swaps nothing', async () => {
  const day = '2026-05-09';
  const { act, input } = await builtTwice(day);
  const { tables } = await act.publish(input);
  const before = await project.state(day);
  const again = await project.attempt({ attempt: 2, world: diesBefore(project, 'publish events') }).publish(input);
  expect(again.burstMs).toBe(0);
  expect(again.tables).toHaveLength(tables.length);
  expect(again.tables).toEqual(expect.arrayContaining(tables));
  expect(await project.state(day)).toEqual(before);
});

test('a final error inside the burst swaps the archives back', async () => {
  const day = '2026-05-10';
  const { input } = await builtTwice(day);
  const before = (await project.state(day)).tables;
  const act = project.attempt({ world: diesBefore(project, 'publish daily_means', final('BadSql', 'refused')) });
  await expect(act.publish(input)).rejects.toMatchObject({ type: 'BadSql' });
  expect((await project.state(day)).tables).toEqual(before);
  expect(await project.app.ledger.openIntents(day)).toEqual([]);
});

test('a publish that was rolled back by an attempt that then died ends as rolled back, never as done', async () => {
  const day = '2026-05-18';
  const { input } = await builtTwice(day);
  const before = (await project.state(day)).tables;
  const world = {
    ...diesBefore(project, 'publish daily_means', final('BadSql', 'refused')),
    ...diesAfterRecord(project, 'undone'),
  };
  await expect(project.attempt({ world }).publish(input)).rejects.toThrow('the worker died');
  const undone = await project.state(day);
  expect(undone.tables).toEqual(before);
  await expect(project.attempt({ attempt: 2 }).publish(input)).rejects.toMatchObject({
    type: 'TakenBack',
    message: expect.stringContaining(`npx daybook run --day ${day}`) as string,
  });
  expect(await project.state(day)).toEqual(undone);
  expect(await project.run(day)).toMatchObject({ outcome: 'published', generation: 3 });
});

test.each([
  ['2026-05-19', 'lost its rows', 0, ''],
  ['2026-05-20', 'holds older rows', 1, 'INSERT INTO STAGE.events SELECT * FROM LIVE.events WHERE day = DAY'],
])('%s: a stage that %s since it was built is not published', async (day, _, found, then) => {
  const { act, input } = await builtTwice(day);
  const before = await project.state(day);
  const stage = stageOf(input.build);
  const spoil = [`ALTER TABLE ${stage}.events DROP PARTITION '${day}'`, then].filter((sql) => sql !== '');
  for (const sql of spoil)
    await project.admin.run({
      sql: sql.replace('STAGE', stage).replace('LIVE', project.database).replace('DAY', `'${day}'`),
    });
  await expect(act.publish(input)).rejects.toMatchObject({
    type: 'AccountsDiffer',
    message: expect.stringMatching(`^events of ${day}: the stage holds ${found} rows .*, but 2 with`) as string,
  });
  expect(await project.state(day)).toEqual(before);
});

test('a publish whose stage lost rows after the intent is rolled back by the second attempt, and by recovery', async () => {
  const day = '2026-05-21';
  const { input } = await builtTwice(day);
  const before = (await project.state(day)).tables;
  const lose = (sql: string) => project.admin.run({ sql });
  const dying = () => project.attempt({ world: diesBefore(project, 'publish daily_amounts') });
  await expect(dying().publish(input)).rejects.toThrow('the worker died');
  await lose(`ALTER TABLE ${stageOf(input.build)}.daily_amounts DROP PARTITION '${day}'`);
  const second = project.attempt({ attempt: 2 }).publish(input);
  await expect(second).rejects.toMatchObject({ type: 'AccountsDiffer' });
  expect((await project.state(day)).tables).toEqual(before);

  const third = await project.build(day);
  await expect(dying().publish(third)).rejects.toThrow('the worker died');
  await lose(`ALTER TABLE ${stageOf(third.build)}.daily_amounts DROP PARTITION '${day}'`);
  expect(await project.attempt().recover({ day })).toMatchObject({ recovered: { generation: 3, how: 'rolled back' } });
  expect((await project.state(day)).tables).toEqual(before);
});

test('an older build publishes nothing, and its stage is gone once a newer one swaps', async () => {
  const day = '2026-05-11';
  const { act, input: older } = await builtTwice(day);
  await project.put(keyOf(day, 'c'), lines(payment(day, 'c', { amount: 5 })));
  const newer = await project.build(day);
  expect(newer.build.generation).toBe(3);
  const before = await project.state(day);
  await expect(act.publish(older)).rejects.toMatchObject({ type: 'Superseded', nonRetryable: true });
  expect(await project.state(day)).toEqual(before);
  expect(await stages(newer.build)).toEqual(expect.arrayContaining([stageOf(older.build), stageOf(newer.build)]));

  // Older stages are gone before the first swap.
  const dying = project.attempt({ world: diesBefore(project, 'publish events') });
  await expect(dying.publish(newer)).rejects.toThrow('the worker died');
  expect(await stages(newer.build)).toEqual([stageOf(newer.build)]);
  await project.attempt({ attempt: 2 }).publish(newer);
  expect(await counts(day)).toEqual([3, 3, 1]);
});

test('a zombie attempt that resumes its swaps after the day was swept rolls nothing back', async () => {
  const day = '2026-05-12';
  const { input } = await builtTwice(day);
  const second = async () => {
    await project.attempt({ attempt: 2 }).publish(input);
    await project.attempt().sweep({ day });
  };
  const first = project.attempt({ world: frozenBefore(project, 'publish events', second) });
  await expect(first.publish(input)).rejects.toMatchObject({ nonRetryable: true });
  expect(await counts(day)).toEqual([2, 2, 1]);
  expect((await eventsOf(day)).slice(3)).toEqual([...TABLES].sort().map((table) => `2 ${table} intent,done`));
});

test('a zombie attempt that archives beside a newer one changes no archive', async () => {
  const day = '2026-05-13';
  const { input } = await builtTwice(day);
  // The second attempt publishes while the first is about to archive: what that one then copies is the new day.
  const second = () => project.attempt({ attempt: 2 }).publish(input);
  const first = project.attempt({ world: frozenBefore(project, 'archive events', second) });
  // What it finds done it answers as done: a day without tables would pass for unchanged.
  const { tables } = await first.publish(input);
  expect(tables.map(({ table, rows }) => [table, rows])).toEqual(
    expect.arrayContaining([
      ['events', 2],
      ['daily_amounts', 1],
      ['daily_means', 1],
    ]),
  );
  expect(await counts(day)).toEqual([2, 2, 1]);
  expect(await project.rows(`SELECT count() AS n FROM ${await archiveOf('events', day)}`)).toEqual([{ n: '1' }]);
  expect(await project.app.ledger.openIntents(day)).toEqual([]);
});

test('a zombie attempt that publishes an empty table drops nothing of a newer build', async () => {
  const day = '2026-05-14';
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a', { note: 'skip me' })));
  const empty = await project.build(day);
  const newer = async () => {
    await project.put(keyOf(day, 'b'), lines(payment(day, 'b'), payment(day, 'c')));
    // Like a new run: recovers the unfinished publish first, then builds the day again.
    const act = project.attempt({ activityId: 'newer' });
    await act.recover({ day });
    await act.publish(await project.build(day, { activityId: 'newer' }));
  };
  const older = project.attempt({ world: frozenBefore(project, 'publish events', newer) });
  await expect(older.publish(empty)).rejects.toMatchObject({ nonRetryable: true });
  expect(await counts(day)).toEqual([2, 2, 1]);
});

test('a zombie attempt at a rollback puts no old rows over a newer build', async () => {
  const day = '2026-05-15';
  const { input } = await builtTwice(day);
  const newer = async () => {
    await project.put(keyOf(day, 'c'), lines(payment(day, 'c', { amount: 5 })));
    const act = project.attempt({ activityId: 'newer' });
    await act.recover({ day });
    await act.publish(await project.build(day, { activityId: 'newer' }));
  };
  const refused = diesBefore(project, 'publish daily_means', final('BadSql', 'refused')).clickhouse;
  const world = frozenBefore(
    { ...project, app: { ...project.app, ...(refused ? { clickhouse: refused } : {}) } },
    'roll back events',
    newer,
  );
  await expect(project.attempt({ world }).publish(input)).rejects.toMatchObject({ nonRetryable: true });
  expect(await counts(day)).toEqual([3, 3, 1]);
});

test('a day with an unfinished publish is not unchanged until it is recovered', async () => {
  const day = '2026-05-17';
  const { input } = await builtTwice(day);
  const act = project.attempt({ world: diesBefore(project, 'publish daily_amounts') });
  await expect(act.publish(input)).rejects.toThrow('the worker died');
  const ends = `The publish of generation 2 of ${day} is unfinished`;
  await expect(project.attempt().list({ day, force: false })).rejects.toThrow(ends);
  await project.attempt().recover({ day });
  expect(await project.attempt().list({ day, force: false })).toMatchObject({ outcome: 'unchanged' });
});

test('a table of any size can be swapped although ClickHouse is set to drop nothing large', async () => {
  const day = '2026-05-22';
  const { clickhouse } = project.app;
  const guards = { max_table_size_to_drop: 1, max_partition_size_to_drop: 1 };
  const guarded: Dependencies['clickhouse'] = {
    ...clickhouse,
    run: (statement, options) =>
      clickhouse.run({ ...statement, settings: { ...guards, ...statement.settings } }, options),
  };
  const big = `${archiveDatabase(project.name)}.big`;
  await clickhouse.run({ sql: `CREATE TABLE ${big} ENGINE = MergeTree ORDER BY one AS SELECT 1 AS one` });
  await expect(guarded.run({ sql: `DROP TABLE ${big} SYNC` })).rejects.toThrow('359');
  await clickhouse.run({ sql: `DROP TABLE ${big} SYNC` });

  const act = project.attempt({ world: { clickhouse: guarded } });
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a')));
  await act.publish(await project.build(day, { world: { clickhouse: guarded } }));
  await project.put(keyOf(day, 'b'), lines(payment(day, 'b', { amount: 3 })));
  const input = await project.build(day, { world: { clickhouse: guarded } });
  // What a first attempt left in the stage is replaced and dropped.
  await project.attempt({ attempt: 2, world: { clickhouse: guarded } }).load({ build: input.build, table: 'events' });
  await act.publish(input);
  expect(await counts(day)).toEqual([2, 2, 1]);
  await act.sweep({ day });
  expect(await stages(input.build)).toEqual([]);
});

test('an unfinished publish whose stage and archive are gone fails one run by name and does not block the next', async () => {
  const day = '2026-05-23';
  const { input } = await builtTwice(day);
  const dying = project.attempt({ world: diesBefore(project, 'publish daily_amounts') });
  await expect(dying.publish(input)).rejects.toThrow('the worker died');
  const archive = await archiveOf('events', day);
  await project.admin.run({ sql: `DROP DATABASE ${stageOf(input.build)} SYNC` });
  await project.admin.run({ sql: `DROP TABLE ${archive} SYNC` });
  await expect(project.attempt().recover({ day })).rejects.toMatchObject({
    type: 'ArchiveLost',
    message: expect.stringContaining(`npx daybook run --day ${day} --force`) as string,
  });
  expect(await project.run(day, true)).toMatchObject({ outcome: 'published', generation: 3 });
  expect(await counts(day)).toEqual([2, 2, 1]);
});

test('a live table that was dropped does not prevent its unfinished publish from being recovered', async () => {
  const day = '2026-05-24';
  const { input } = await builtTwice(day);
  const dying = project.attempt({ world: diesBefore(project, 'publish daily_amounts') });
  await expect(dying.publish(input)).rejects.toThrow('the worker died');
  await project.admin.run({ sql: `DROP TABLE ${project.database}.daily_amounts SYNC` });
  expect((await project.fail(day)).message).toContain('npx daybook apply');
  expect((await eventsOf(day)).slice(3)).toEqual([
    '2 daily_amounts intent,undone',
    '2 daily_means intent,done',
    '2 events intent,done',
  ]);
  await apply(project.app);
  expect(await project.run(day)).toMatchObject({ outcome: 'published', generation: 3 });
  expect(await counts(day)).toEqual([2, 2, 1]);
});

// The last one: it leaves a table that no file describes.
test('a table that grows a column does not prevent its unfinished publish from being recovered', async () => {
  const day = '2026-05-16';
  const { input } = await builtTwice(day);
  const act = project.attempt({ world: diesBefore(project, 'publish daily_amounts') });
  await expect(act.publish(input)).rejects.toThrow('the worker died');
  await project.admin.run({
    sql: `ALTER TABLE ${project.database}.daily_amounts ADD COLUMN more UInt8 DEFAULT 7`,
  });
  expect(await project.attempt().recover({ day })).toMatchObject({ recovered: { generation: 2, how: 'finished' } });
  expect(await counts(day)).toEqual([2, 2, 1]);
  expect(await project.rows(`SELECT DISTINCT more FROM daily_amounts WHERE day = '${day}'`)).toEqual([{ more: 7 }]);
});
