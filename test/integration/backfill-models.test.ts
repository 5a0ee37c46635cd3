import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openApp } from '../../src/app.js';
import { apply } from '../../src/cli/apply/index.js';
import { startBackfill } from '../../src/cli/backfill/start.js';
import { startOrAttachDay } from '../../src/cli/common/start.js';
import { readEnv } from '../../src/env.js';
import { addDays, daysBetween } from '../../src/shared/day.js';
import { plain } from '../../src/shared/sentence.js';
import type { DayProgress } from '../../src/shared/workflows.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';
import { testVariables } from '../support/stack.js';

const DAYS = ['2026-08-01', '2026-08-02', '2026-08-03'];
const [start = '', , end = ''] = DAYS;

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG);
  for (const day of DAYS) await project.put(keyOf(day, 'a'), lines(payment(day, 'a'), payment(day, 'b')));
  expect((await project.backfill({ start, end })).counts.published).toBe(DAYS.length);
});
afterAll(() => project.close());

/** Adds a model and its table, like a person who edits the folder and runs `daybook apply`. */
async function addModel(name: string, select: string) {
  await project.write(
    `sql/aggregates/${name}.sql`,
    `CREATE TABLE ${name} (day Date, value Float64) ENGINE = MergeTree PARTITION BY day ORDER BY day;\n${select}`,
  );
  const app = await openApp(readEnv(testVariables(inject('stack'))), project.app.project.dir);
  await apply(app);
  await app.close();
}

/** Keys of everything normalized, without plans and cached schemas. */
const normalized = async () =>
  (await project.app.store.list(project.bucket, project.app.project.config.store.normalized))
    .map(({ key }) => key)
    .filter((key) => !/\/_(plans|schemas)\//.test(key));

const values = (table: string) => project.rows(`SELECT day, value FROM ${table} ORDER BY day`);

test('a new model over old days reads the published tables: nothing is normalized although all chunks have expired', async () => {
  const expired = await normalized();
  expect(expired.length).toBeGreaterThan(0);
  await project.app.store.remove(project.bucket, expired);
  await addModel('daily_count', 'SELECT day, count() AS value FROM events WHERE day = {day:Date} GROUP BY day;');
  const result = await project.backfill({ start, end });
  expect(result).toMatchObject({ outcome: 'published', counts: { published: 3 }, failed: [] });
  expect(await normalized()).toEqual([]);
  expect(await values('daily_count')).toEqual(DAYS.map((day) => ({ day, value: 2 })));
});

test('a new model over old days needs no raw objects, which a lifecycle rule has removed', async () => {
  await project.app.store.remove(
    project.bucket,
    DAYS.map((day) => keyOf(day, 'a')),
  );
  await addModel('daily_total', 'SELECT day, sum(amount) AS value FROM events WHERE day = {day:Date} GROUP BY day;');
  const result = await project.backfill({ start, end });
  expect(result.failed).toEqual([]);
  expect(result.counts.published).toBe(3);
  expect(await values('daily_total')).toEqual(DAYS.map((day) => ({ day, value: 2 })));
  const [record] = (await project.app.ledger.currentPublishes(start, start)).filter(({ table }) => table === 'events');
  expect(record?.generation, 'events is not published again').toBe(1);
});

test('a day that differs by SQL alone is built by a backfill, not by a run', async () => {
  await addModel(
    'daily_total',
    'SELECT day, 2 * sum(amount) AS value FROM events WHERE day = {day:Date} GROUP BY day;',
  );
  const result = await project.backfill({ start, end });
  expect(result.counts.published).toBe(3);
  expect(await values('daily_total')).toEqual(DAYS.map((day) => ({ day, value: 4 })));
  expect((await project.backfill({ start, end })).counts).toMatchObject({ published: 0, unchanged: 3 });
});

test('with --reprocess failed, only the days that failed are run again', async () => {
  const first = '2026-09-01';
  const last = addDays(first, 2);
  for (const day of [first, last]) await project.put(keyOf(day, 'a'), lines(payment(day, 'a')));
  const bad = addDays(first, 1);
  await project.put(keyOf(bad, 'a'), lines(payment(bad, 'a', { note: 'forbidden' })));
  const result = await project.backfill({ start: first, end: last });
  expect(result).toMatchObject({ outcome: 'failed', counts: { published: 2, failed: 1 } });
  expect(result.failed).toMatchObject([{ day: bad, step: 'test' }]);
  expect(plain(result.failed[0]?.reason ?? '')).toContain('Test no_forbidden_note found 1 row');
  await project.put(keyOf(bad, 'a'), lines(payment(bad, 'a')));
  const again = await project.backfill({ start: first, end: last, reprocess: 'failed' });
  expect(again).toMatchObject({ outcome: 'published', counts: { published: 1, unchanged: 0 } });
});

test('a day that is cancelled while it publishes is either old or new, never mixed', async () => {
  let cancelled = false;
  for (const [index, day] of daysBetween('2026-10-01', '2026-10-08').entries()) {
    // Three at different moments; more only where a slow machine let each of them end before it was cancelled.
    if (index >= 3 && cancelled) break;
    await project.put(keyOf(day, 'a'), lines(payment(day, 'a')));
    await project.run(day);
    const old = (await project.state(day)).tables;
    await project.put(keyOf(day, 'b'), lines(payment(day, 'b', { amount: 3 })));
    const handle = await startOrAttachDay(project.app, { day });
    const step = async () => (await handle.query<DayProgress>('progress').catch(() => undefined))?.step ?? '';
    while (!['publish', 'sweep'].includes(await step())) await sleep(20);
    await sleep((index % 3) * 100);
    await handle.cancel().catch(() => undefined);
    await handle.result().catch(() => undefined);
    expect(await project.app.ledger.openIntents(day)).toEqual([]);
    const now = (await project.state(day)).tables;
    const changed = now.filter(({ table, hash }) => old.find((one) => one.table === table)?.hash !== hash);
    // All tables of the project are made from the events, so that a whole new day has none of the old ones.
    expect([0, now.filter(({ rows }) => rows !== '0').length]).toContain(changed.length);
    const { status } = await handle.describe();
    // The outcome is what readers have: the old day if it was cancelled, otherwise the new one.
    expect(status.name).toBe(changed.length === 0 ? 'CANCELLED' : 'COMPLETED');
    const { events } = await handle.fetchHistory();
    cancelled ||= events?.some((event) => event.workflowExecutionCancelRequestedEventAttributes) ?? false;
    await project.run(day);
    expect((await project.rows('SELECT id FROM events WHERE day = {day:Date}', { day })).length).toBe(2);
  }
  expect(cancelled, 'at least one of them was still running').toBe(true);
});

test('a cancelled backfill leaves no unfinished publish and no running query, and another start does the rest', async () => {
  const first = '2025-12-01';
  const last = addDays(first, 4);
  for (let index = 0; index < 5; index++) {
    const day = addDays(first, index);
    await project.put(keyOf(day, 'a'), lines(payment(day, 'a')));
  }
  const handle = await startBackfill(project.app, { start: first, end: last });
  while ((await project.app.ledger.currentPublishes(first, last)).length === 0) await sleep(50);
  await handle.cancel();
  await expect(handle.result()).rejects.toThrow();
  expect((await handle.describe()).status.name).toBe('CANCELLED');
  expect(await project.app.ledger.openIntents(first, last)).toEqual([]);
  const queries = await project.rows(
    `SELECT query FROM system.processes WHERE startsWith(Settings['log_comment'], {prefix:String}) OR query LIKE {stage:String}`,
    { prefix: `daybook/${project.name}/`, stage: `%daybook_${project.name}_2%` },
  );
  expect(queries.filter((one) => !JSON.stringify(one).includes('system.processes'))).toEqual([]);
  const before = (await project.app.ledger.currentPublishes(first, last)).map(({ table, day }) => `${table} ${day}`);
  const { counts } = await project.backfill({ start: first, end: last });
  expect(counts.published + counts.unchanged).toBe(5);
  const after = await project.app.ledger.currentPublishes(first, last);
  expect(after.filter(({ table, day, generation }) => before.includes(`${table} ${day}`) && generation > 1)).toEqual(
    [],
  );
});
