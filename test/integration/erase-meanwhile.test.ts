import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest';
import { taskQueue, workflowId } from '../../src/shared/names.js';
import type { DayProgress } from '../../src/shared/workflows.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import { commandOf } from '../support/command.js';
import { diesAfterRecord } from '../support/crash.js';
import { openDays, type DayProject } from '../support/day.js';
import { SPARSE } from '../support/lookback.js';
import { keyOf, lines, payment, paymentIds, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

/*
 * Erasures beside what else happens to the days: builds that are not published yet, rollbacks, and writes that are not Daybook's. Each
 * test has a person and days of its own.
 */

let project: DayProject;
let person = '';
let persons = 0;

beforeAll(async () => {
  const { 'sql/aggregates/sparse.sql': sparse = '' } = SPARSE;
  project = await openDays(inject('stack'), { ...PAYMENTS, 'sql/aggregates/sparse.sql': sparse }, PAYMENTS_CONFIG);
  await project.configure({}, { maxRejects: 100_000 });
});
beforeEach(() => {
  person = `person-${++persons}.`;
});
afterAll(() => project.close());

const command = commandOf(inject('stack'), () => project);

const erase = (...more: string[]) => command('erase', '--table', 'events', '--where', `note = '${person}'`, ...more);

/** Keeps the condition as the command does, for a test that calls the activities by hand. */
const keep = async (id: string) => {
  const kept = JSON.stringify({ id, table: 'events', where: `note = '${person}'` });
  await project.app.store.write(project.bucket, `daybook/${project.name}/_erasures/${id}.json`, kept);
};

/** Stores an object with a row of the person and one of another. */
const put = (day: string, ...more: string[]) =>
  project.put(keyOf(day, 'a'), lines(payment(day, 'p', { note: person }), payment(day, 'x'), ...more));

const stages = async (day: string) =>
  (
    await project.rows<{ name: string }>('SELECT name FROM system.databases WHERE startsWith(name, {prefix:String})', {
      prefix: `daybook_${project.name}_${day.replaceAll('-', '')}_`,
    })
  ).map(({ name }) => name);

const doubled = (day: string) =>
  project.admin.run({
    sql: `INSERT INTO ${project.database}.events SELECT * FROM ${project.database}.events WHERE day = '${day}'`,
  });

test('a day that something else wrote to is not erased: it fails, and stays as it is until it is published again', async () => {
  const day = '2026-03-01';
  await put(day);
  await project.run(day);
  await doubled(day);
  const before = await project.state(day);
  const refused = await erase();
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /_live\.events holds 4 rows of 2026-03-01, but 2 were published: something else wrote to it.*run --day 2026-03-01 --force/s,
    ) as string,
  });
  expect(await project.state(day)).toEqual(before);
  await project.run(day, true);
  expect(await erase()).toMatchObject({ code: 0 });
  expect(await paymentIds(project, day)).toEqual(['x']);
});

test('a day that is loaded and not yet published is part of an erasure: its stage is dropped, and nothing publishes it', async () => {
  const day = '2026-03-02';
  await put(day);
  const built = await project.build(day);
  const { code, stdout, stderr } = await erase();
  expect(code, stderr).toBe(0);
  expect(stdout).toContain('erased 1 row of events on 1 day');
  expect(await stages(day)).toEqual([]);
  await expect(project.attempt().publish(built)).rejects.toThrow();
  expect(await paymentIds(project, day)).toEqual([]);
  // Nothing was built that no one asked for.
  expect((await project.state(day)).publishes).toEqual([]);
});

test('the rows of a publish that was cut off are erased, too', async () => {
  const day = '2026-03-03';
  await put(day);
  const built = await project.build(day);
  const cut = project.attempt({ world: diesAfterRecord(project, 'intent') }).publish(built);
  await expect(cut).rejects.toThrow('the worker died');
  expect(await erase()).toMatchObject({ code: 0 });
  expect(await paymentIds(project, day)).toEqual(['x']);
});

test('the stage of a failed day is dropped if it holds rows of the erasure', async () => {
  const [day, other] = ['2026-03-04', '2026-03-05'];
  await put(day, payment(day, 'y', { note: 'forbidden' }));
  await project.fail(day);
  await project.put(keyOf(other, 'a'), lines(payment(other, 'y', { note: 'forbidden' })));
  await project.fail(other);
  expect(await erase()).toMatchObject({ code: 0 });
  expect([await stages(day), (await stages(other)).length]).toEqual([[], 1]);
});

test('rows in the stage of a later day that looks back are removed with it, and not counted again', async () => {
  const [day, later] = ['2026-03-10', '2026-03-11'];
  await put(day);
  await project.run(day);
  await project.put(keyOf(later, 'a'), lines(payment(later, 'y', { note: 'forbidden' })));
  await project.fail(later);
  const [stage = ''] = await stages(later);
  const copied = await project.rows(`SELECT id FROM ${stage}.events WHERE note = '${person}'`);
  expect(copied).toHaveLength(1);
  const { code, stdout, stderr } = await erase();
  expect(code, stderr).toBe(0);
  expect(stdout).toContain('erased 1 row of events on 1 day');
  expect(await stages(later)).toEqual([]);
});

test('rows that a rollback brings back meanwhile are erased again', async () => {
  const day = '2026-03-06';
  await put(day);
  await project.run(day);
  const id = '0000-0006';
  await keep(id);
  const act = project.attempt();
  await act.eraseChunks({ id });
  await act.publish(await act.eraseRows({ id, day }));
  await project.run(day, false, { rollback: true });
  expect(await paymentIds(project, day)).toEqual(['p', 'x']);
  expect(await act.endErasure({ id, days: [day], rows: 1 })).toMatchObject({ left: [{ day, rows: 1 }] });
  expect(await erase()).toMatchObject({ code: 0 });
  expect(await paymentIds(project, day)).toEqual(['x']);
});

test('an erasure that is continued names the later days that look back, whichever run erased the rows', async () => {
  const [first, later, bad] = ['2026-04-01', '2026-04-02', '2026-04-20'];
  for (const day of [first, bad]) await put(day);
  await project.put(keyOf(later, 'a'), lines(payment(later, 'x')));
  for (const day of [first, later, bad]) await project.run(day);
  await doubled(bad);
  expect(await erase()).toMatchObject({ code: 1 });
  expect(await paymentIds(project, first)).toEqual(['x']);
  await project.run(bad, true);
  const { stdout, code } = await erase();
  expect(code).toBe(0);
  expect(stdout).toContain(`models of ${later} are not rebuilt (looks back on erased days)`);
  expect(stdout).toContain(`backfill --start ${later} --end ${later}`);
  await project.run(later);
  expect((await erase()).stdout).not.toContain('not rebuilt');
});

test('more rejected lines than one statement removes go with their normalized objects', async () => {
  const day = '2026-05-01';
  const rejected = (id: number) =>
    JSON.stringify({ id: `r${id}`, ts: `${day}T12:00:00Z`, amount: 'much', note: person });
  const many = Array.from({ length: 10_000 }, (_, id) => rejected(id));
  await project.put(keyOf(day, 'a'), lines(payment(day, 'x'), ...many));
  await project.put(keyOf(day, 'b'), lines(payment(day, 'y'), rejected(-1)));
  await project.run(day);
  // Rejected lines are erased where the normalizing SELECT makes a matching row of them, or by their text.
  expect(await erase('--rejects-with', person)).toMatchObject({ code: 0 });
  expect((await project.manifests(day)).size).toBe(0);
});

test('a running build that may be loading removed chunks is waited for; a build that was planned later is not', async () => {
  const day = '2026-05-02';
  await put(day);
  const id = '0000-0008';
  await keep(id);
  const act = project.attempt();
  await act.list({ day, force: false });
  const { since = '' } = await act.eraseChunks({ id });
  const end = (from: string) => act.endErasure({ id, days: [], rows: 0, since: from });
  const client = await project.app.temporal();
  const handle = await client.workflow.start('day', {
    workflowId: workflowId.day(project.name, day),
    taskQueue: `${project.name}-without-workers`,
    args: [{ day }],
  });
  expect(await end(since)).toMatchObject({ left: [{ day, rows: 0 }] });
  await handle.terminate();
  expect(await end(since)).toMatchObject({ left: [] });
});

test('a normalized object that is removed while an erasure looks for rows is no reason to fail', async () => {
  const [day, other] = ['2026-05-05', '2026-05-06'];
  await put(day);
  await project.run(day);
  await project.put(keyOf(other, 'a'), lines(payment(other, 'x')));
  await project.run(other);
  const gone = (await project.app.store.list(project.bucket, `daybook/${project.name}/events/${other}/`)).map(
    ({ key }) => key,
  );
  const { clickhouse, store } = project.app;
  const world: Partial<Dependencies> = {
    clickhouse: {
      ...clickhouse,
      rows: async (statement, options) => {
        if (options?.what === 'find chunks of events') await store.remove(project.bucket, gone);
        return await clickhouse.rows(statement, options);
      },
    },
  };
  const id = '0000-0010';
  await keep(id);
  expect(gone.length).toBe(2);
  expect(await project.attempt({ world }).eraseChunks({ id })).toMatchObject({ days: [day], chunks: 1 });
});

test('a day of a backfill that waits for its turn is erased once it is published', async () => {
  const day = '2026-05-11';
  await put(day);
  const client = await project.app.temporal();
  const handle = await client.workflow.start('day', {
    workflowId: workflowId.day(project.name, day),
    taskQueue: taskQueue.light(project.name),
    args: [{ day, gated: true }],
  });
  await vi.waitUntil(async () => (await handle.query<DayProgress>('progress')).step === 'gate', 30_000);
  const erased = erase();
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  expect(await paymentIds(project, day)).toEqual([]);
  await handle.signal('open');
  expect(await handle.result()).toMatchObject({ outcome: 'published' });
  expect(await erased).toMatchObject({ code: 0, stdout: expect.stringContaining('on 1 day') as string });
  expect(await paymentIds(project, day)).toEqual(['x']);
});

// Those that change the project are the last.
test('an archive from before a column of the condition was added is dropped, for no one can look into it', async () => {
  const day = '2026-05-03';
  await put(day);
  await project.run(day);
  await project.put(keyOf(day, 'b'), lines(payment(day, 'y')));
  await project.run(day);
  const { 'sql/normalized/events.sql': sql = '' } = PAYMENTS;
  await project.write(
    'sql/normalized/events.sql',
    sql.replace('_line UInt64', '_line UInt64, shop String').replace('_source\n', "_source, 'one' AS shop\n"),
  );
  expect(await command('apply')).toMatchObject({ code: 0 });
  const { code, stderr } = await command(
    'erase',
    '--table',
    'events',
    '--where',
    `shop != 'two' AND note = '${person}'`,
  );
  expect(code, stderr).toBe(0);
  expect(await paymentIds(project, day)).toEqual(['x', 'y']);
  const archives = await project.rows<{ table: string }>(
    `SELECT table FROM system.columns
     WHERE database = {database:String} AND startsWith(table, 'events__20260503') GROUP BY table HAVING NOT has(groupArray(name), 'shop')`,
    { database: `daybook_${project.name}_archive` },
  );
  expect(archives).toEqual([]);
});

test('a published day that ends as skipped is named with its models, and the command that rebuilds them', async () => {
  const day = '2026-05-04';
  await put(day);
  await project.run(day);
  const { 'sql/raw/events.sql': raw = '', 'sql/normalized/events.sql': normalized = '' } = PAYMENTS;
  await project.write('sql/raw/refunds.sql', raw.replaceAll('raw_events', 'raw_refunds'));
  await project.write(
    'sql/normalized/refunds.sql',
    normalized.replace('TABLE events', 'TABLE refunds').replace('raw_events', 'raw_refunds'),
  );
  const path = join(project.app.project.dir, 'daybook.config.json');
  const config = JSON.parse(await readFile(path, 'utf8')) as { sources: { events: object } };
  const refunds = { ...config.sources.events, prefix: 'refunds/{YYYY}-{MM}-{DD}/', onEmpty: 'skip' };
  await project.write('daybook.config.json', JSON.stringify({ ...config, sources: { ...config.sources, refunds } }));
  expect(await command('apply')).toMatchObject({ code: 0 });
  const { stdout, stderr } = await erase();
  expect(stdout, stderr).toContain(
    `models of ${day} are not rebuilt (the folder of a source is empty, so the day was skipped)`,
  );
  expect(stdout).toContain(`run --day ${day} --allow-empty`);
  await project.run(day, false, { allowEmpty: true });
  expect(await project.rows('SELECT events FROM daily_amounts WHERE day = {day:Date}', { day })).toEqual([
    { events: 1 },
  ]);
});
