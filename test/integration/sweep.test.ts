import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startOrAttachDay } from '../../src/cli/common/start.js';
import { usedChunks } from '../../src/cli/common/used-chunks.js';
import { connectClickHouse } from '../../src/clickhouse/client.js';
import { openLedgerReport } from '../../src/ledger/report/index.js';
import { archiveDatabase, readArchiveName, stageDatabase } from '../../src/shared/names.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import { diesBefore } from '../support/crash.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG, { worker: false });
});
afterAll(() => project.close());

const A_DAY = 24 * 60 * 60;

/** A world in which everything that the engine holds was made so many seconds earlier. */
function aged(seconds: number): Partial<Dependencies> {
  const { clickhouse } = project.app;
  const older = (row: unknown) =>
    typeof row === 'object' && row !== null && 'age' in row ? { ...row, age: Number(row.age) + seconds } : row;
  return {
    clickhouse: {
      ...clickhouse,
      rows: async <Row>(...[statement, options]: Parameters<typeof clickhouse.rows>) =>
        (await clickhouse.rows<Row>(statement, options)).map((row) => older(row) as Row),
    },
  };
}

/** A world in which the objects of the store whose keys match were last written so many seconds earlier. */
function writtenEarlier(seconds: number, matching: RegExp): Partial<Dependencies> {
  const { store } = project.app;
  const earlier = (modified: Date) => new Date(modified.getTime() - seconds * 1000);
  return {
    store: {
      ...store,
      list: async (...args: Parameters<typeof store.list>) =>
        (await store.list(...args)).map((one) =>
          matching.test(one.key) ? { ...one, modified: earlier(one.modified) } : one,
        ),
    },
  };
}

const keys = async (prefix: string) => {
  const { store } = project.app;
  return (await store.list(project.bucket, prefix)).map(({ key }) => key);
};

const names = async (sql: string, params: Record<string, unknown>) =>
  (await project.rows<{ name: string }>(sql, params)).map(({ name }) => name);
const archivesOf = async (day: string) =>
  (
    await names('SELECT name FROM system.tables WHERE database = {database:String} ORDER BY name', {
      database: archiveDatabase(project.name),
    })
  )
    .map(readArchiveName)
    .flatMap((one) => (one?.day === day ? [`${one.table} before ${one.generation}`] : []));
const exists = async (database: string) =>
  (await names('SELECT name FROM system.databases WHERE name = {database:String}', { database })).length === 1;

/** Publishes an old day again, with one more payment. */
async function publishAgain(day: string, id: string) {
  await project.put(keyOf(day, id), lines(payment(day, id)));
  const input = await project.build(day);
  await project.attempt().publish(input);
  await project.attempt().sweep({ day });
}

test('archives are kept for the configured versions and days, counted from when they were made', async () => {
  const day = '2025-01-10';
  for (const id of ['a', 'b', 'c', 'd']) await publishAgain(day, id);
  // The mean stays 1: it is built from other data each time, and published once.
  expect(await archivesOf(day)).toEqual(
    ['daily_amounts', 'events'].flatMap((table) => [`${table} before 3`, `${table} before 4`]),
  );
  const { archivedBytes } = await project.attempt().sweep({ day: null });
  expect(archivedBytes).toBeGreaterThan(0);

  // Six days later they are still there, after eight no more.
  await project.attempt({ world: aged(6 * A_DAY) }).sweep({ day: null });
  expect(await archivesOf(day)).toHaveLength(4);
  const swept = await project.attempt({ world: aged(8 * A_DAY) }).sweep({ day: null });
  expect(swept).toMatchObject({ archives: 4, archivedBytes: 0 });
  expect(await archivesOf(day)).toEqual([]);
});

test('archives that an unfinished publish needs are never dropped for their age; those of an undone publish are', async () => {
  const day = '2025-01-11';
  await publishAgain(day, 'a');
  await project.put(keyOf(day, 'b'), lines(payment(day, 'b')));
  const input = await project.build(day);
  const dying = project.attempt({ world: diesBefore(project, 'publish daily_amounts') });
  await expect(dying.publish(input)).rejects.toThrow('the worker died');
  await project.attempt({ world: aged(100 * A_DAY) }).sweep({ day: null });
  expect(await archivesOf(day)).toHaveLength(2);
  expect(await exists(stageDatabase(project.name, day, 2))).toBe(true);

  await project.admin.run({ sql: `DROP DATABASE ${stageDatabase(project.name, day, 2)} SYNC` });
  expect(await project.attempt().recover({ day })).toMatchObject({ recovered: { how: 'rolled back' } });
  await project.attempt().sweep({ day });
  expect(await archivesOf(day)).toEqual([]);
});

test('a zombie sweep does not drop the stage of a newer build', async () => {
  const day = '2025-01-13';
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a')));
  const older = await project.build(day);
  await project.attempt().publish(older);
  await project.put(keyOf(day, 'b'), lines(payment(day, 'b')));
  const newer = await project.build(day);
  expect(await project.attempt().sweep({ day, generation: older.build.generation })).toMatchObject({ stages: 1 });
  await project.attempt().publish(newer);
  expect(await project.attempt().sweep({ day, generation: newer.build.generation })).toMatchObject({ stages: 1 });
});

test("a chunk's manifest is removed before its Parquet, however much older that is", async () => {
  const day = '2025-01-14';
  await publishAgain(day, 'a');
  const chunks = `daybook/${project.name}/events/${day}/`;
  const before = await keys(chunks);
  expect(before.map((key) => key.split('.').at(-1))).toEqual(['parquet', 'json'].sort().reverse());
  const long = 31 * A_DAY;
  await project.attempt({ world: writtenEarlier(long, /\.parquet$/) }).sweep({ day: null });
  expect(await keys(chunks)).toEqual(before);
  // An orphan of an attempt that died has no manifest.
  const orphan = `${chunks}${'0'.repeat(32)}/${'1'.repeat(32)}-dead-1.parquet`;
  await project.put(orphan, 'PAR1');
  await project.attempt({ world: writtenEarlier(long, /-dead-1\.parquet$/) }).sweep({ day: null });
  expect(await keys(chunks)).toEqual(before);
  await project.attempt({ world: writtenEarlier(long, new RegExp(`/${day}/`)) }).sweep({ day: null });
  expect(await keys(chunks)).toEqual([]);
});

test('expired plans are removed, except those of builds that still count and of running days', async () => {
  const day = '2025-01-15';
  await publishAgain(day, 'a');
  const { build } = await project.attempt().list({ day, force: true });
  await project.attempt().conclude({ day, build, outcome: 'unchanged', step: '', reason: '' });
  const failed = await project.attempt().list({ day, force: true });
  await project.attempt().conclude({ day, build: failed.build, outcome: 'failed', step: 'test', reason: 'no' });
  const plans = `daybook/${project.name}/_plans/${day}/`;
  const generations = async () => (await keys(plans)).map((key) => key.slice(plans.length).split('-')[0]);
  expect(await generations()).toEqual(['1', '2', '3']);

  const old = writtenEarlier(31 * A_DAY, new RegExp(`/_plans/${day}/`));
  const running = await startOrAttachDay(project.app, { day });
  await project.attempt({ world: old }).sweep({ day: null });
  await running.terminate();
  expect(await generations()).toEqual(['1', '2', '3']);

  expect(await project.attempt({ world: old }).sweep({ day: null })).toMatchObject({ objects: 1 });
  expect(await generations()).toEqual(['2', '3']);
});

test('the stage of a failed day is kept for inspection, and dropped later unless the day is running', async () => {
  const day = '2025-01-12';
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a', { note: 'forbidden' })));
  await expect(project.build(day)).rejects.toMatchObject({ type: 'TestFailed' });
  const stage = stageDatabase(project.name, day, 1);
  await project.attempt().sweep({ day: null });
  await project.attempt({ world: aged(2 * A_DAY) }).sweep({ day: '2025-01-10' });
  expect(await exists(stage)).toBe(true);

  // Without a worker it runs for as long as the test likes.
  const running = await startOrAttachDay(project.app, { day });
  await project.attempt({ world: aged(4 * A_DAY) }).sweep({ day: null });
  expect(await exists(stage)).toBe(true);
  await running.terminate();

  expect(await project.attempt({ world: aged(4 * A_DAY) }).sweep({ day: null })).toMatchObject({ stages: 1 });
  expect(await exists(stage)).toBe(false);
});

/** Which chunks have rejects of a day in the ledger. */
const chunksWithRejects = async (day: string) =>
  (
    await project.rows<{ made: string }>(
      `SELECT DISTINCT concat(toString(chunk), ' ', toString(normalizer)) AS made FROM daybook.rejected_rows
       WHERE project = {project:String} AND day = {day:Date}`,
      { project: project.name, day },
    )
  ).map(({ made }) => made);

/** Makes the rejects of a day so many days older. */
const ageRejects = (day: string, days: number) =>
  project.admin.run({
    sql: `ALTER TABLE daybook.rejected_rows UPDATE at = at - INTERVAL ${days} DAY WHERE project = {project:String} AND day = {day:Date}`,
    params: { project: project.name, day },
    settings: { mutations_sync: 1 },
  });

describe('rejects in the ledger', () => {
  const sql = 'sql/normalized/events.sql';
  const tolerant = { maxRejects: 10 };

  test('of a chunk that was processed again are removed after keepNormalized; those of the new chunk stay', async () => {
    const day = '2025-03-01';
    await project.configure({}, tolerant);
    await project.put(keyOf(day, 'a'), lines(payment(day, 'a'), 'no JSON'));
    await project.publish(day);
    const [first] = await chunksWithRejects(day);
    await project.publish(day, { retry: 'again', code: true });
    const [second] = (await chunksWithRejects(day)).filter((one) => one !== first);
    expect(second).toBeDefined();

    await ageRejects(day, 29);
    await project.attempt().sweep({ day: null });
    expect(await chunksWithRejects(day)).toHaveLength(2);
    await ageRejects(day, 2);

    const stack = inject('stack').clickhouse;
    const reader = connectClickHouse({ url: stack.url, ...stack.reader });
    const withoutGrant = { ...project.app.clickhouse, granted: (right: string) => reader.granted(right) };
    const { notes } = await project.attempt({ world: { clickhouse: withoutGrant } }).sweep({ day: null });
    await reader.close();
    expect(notes).toEqual([
      "rejects of 1 replaced chunk stay in daybook.rejected_rows: Daybook's user may not remove them. As an administrator, run in ClickHouse: GRANT ALTER DELETE ON daybook.rejected_rows TO `daybook`",
    ]);
    expect(await chunksWithRejects(day)).toHaveLength(2);

    expect(await project.attempt().sweep({ day: null })).not.toHaveProperty('notes');
    await expect.poll(() => chunksWithRejects(day), { timeout: 60_000 }).toEqual([second]);
  });

  test('of a chunk that a build uses stay, however old they are and whatever was recorded since', async () => {
    const day = '2025-03-02';
    const before = PAYMENTS[sql] ?? '';
    await project.put(keyOf(day, 'a'), lines(payment(day, 'a'), 'no JSON'));
    await project.publish(day);
    const [used] = await chunksWithRejects(day);
    await project.write(sql, before.replace("'on purpose'", "'on demand'"));
    await project.publish(day, { code: true });
    await project.write(sql, before);
    await project.publish(day, { code: true });
    await ageRejects(day, 31);
    await project.attempt().sweep({ day: null });
    const { sources } = await usedChunks(
      project.app,
      openLedgerReport(project.app.clickhouse, project.name),
      day,
      (await openLedgerReport(project.app.clickhouse, project.name).plans(day, day)).get(day)?.newest ?? null,
    );
    const [chunk] = sources[0]?.chunks ?? [];
    expect(`${chunk?.id ?? ''} ${chunk?.normalizer ?? ''}`).toBe(used);
    expect(await chunksWithRejects(day)).toContain(used);
    await project.configure({});
  });
});
