import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Dependencies } from '../../src/build/dependencies.js';
import { startDay } from '../../src/cli/run.js';
import { archiveDatabase, readArchiveName, stageDatabase } from '../../src/core/names.js';
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
const stands = async (database: string) =>
  (await names('SELECT name FROM system.databases WHERE name = {database:String}', { database })).length === 1;

/** Publishes a day of long ago once more, with one payment more. */
async function publishAgain(day: string, id: string) {
  await project.put(keyOf(day, id), lines(payment(day, id)));
  const input = await project.build(day);
  await project.attempt().publish(input);
  await project.attempt().sweep({ day });
}

test('archives stay for as many versions and days as the config says, counted from when they were made', async () => {
  const day = '2025-01-10';
  for (const id of ['a', 'b', 'c', 'd']) await publishAgain(day, id);
  const kept = ['daily_amounts', 'events'].flatMap((table) => [`${table} before 3`, `${table} before 4`]);
  // The mean stays 1, yet the table is made from other data each time.
  expect(await archivesOf(day)).toEqual([
    ...kept.slice(0, 2),
    'daily_means before 3',
    'daily_means before 4',
    ...kept.slice(2),
  ]);
  const { archivedBytes } = await project.attempt().sweep({ day: null });
  expect(archivedBytes).toBeGreaterThan(0);

  // Six days later they are still there, after eight no more.
  await project.attempt({ world: aged(6 * A_DAY) }).sweep({ day: null });
  expect(await archivesOf(day)).toHaveLength(6);
  const swept = await project.attempt({ world: aged(8 * A_DAY) }).sweep({ day: null });
  expect(swept).toMatchObject({ archives: 6, archivedBytes: 0 });
  expect(await archivesOf(day)).toEqual([]);
});

test('what an open publish would need to be taken back outlives any age; what was taken back goes', async () => {
  const day = '2025-01-11';
  await publishAgain(day, 'a');
  await project.put(keyOf(day, 'b'), lines(payment(day, 'b')));
  const input = await project.build(day);
  const dying = project.attempt({ world: diesBefore(project, 'publish daily_amounts') });
  await expect(dying.publish(input)).rejects.toThrow('the worker died');
  await project.attempt({ world: aged(100 * A_DAY) }).sweep({ day: null });
  expect(await archivesOf(day)).toHaveLength(3);
  expect(await stands(stageDatabase(project.name, day, 2))).toBe(true);

  await project.app.clickhouse.run({ sql: `DROP DATABASE ${stageDatabase(project.name, day, 2)} SYNC` });
  expect(await project.attempt().recover({ day })).toMatchObject({ mended: { how: 'undone' } });
  await project.attempt().sweep({ day });
  expect(await archivesOf(day)).toEqual([]);
});

test('the stage of a failed day stays to be looked at; when it is old it goes, unless the day runs', async () => {
  const day = '2025-01-12';
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a', { note: 'forbidden' })));
  await expect(project.build(day)).rejects.toMatchObject({ type: 'TestFailed' });
  const stage = stageDatabase(project.name, day, 1);
  await project.attempt().sweep({ day: null });
  await project.attempt({ world: aged(2 * A_DAY) }).sweep({ day: '2025-01-10' });
  expect(await stands(stage)).toBe(true);

  // Without a worker it runs for as long as the test likes.
  const running = await startDay(project.app, { day });
  await project.attempt({ world: aged(4 * A_DAY) }).sweep({ day: null });
  expect(await stands(stage)).toBe(true);
  await running.terminate();

  expect(await project.attempt({ world: aged(4 * A_DAY) }).sweep({ day: null })).toMatchObject({ stages: 1 });
  expect(await stands(stage)).toBe(false);
});
