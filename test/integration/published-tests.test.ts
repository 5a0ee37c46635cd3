import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { chunkIdOf, retriedChunkId } from '../../src/ledger/fingerprints.js';
import { openLedgerReport } from '../../src/ledger/report/index.js';
import { plain } from '../../src/shared/sentence.js';
import type { StoredObject } from '../../src/store/object.js';
import { daybook, environment } from '../support/command.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

const NEW = 'sql/tests/small_amounts.sql';
const smaller = (than: number) => `SELECT id FROM events WHERE day = {day:Date} AND amount >= ${than}`;

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG);
});
afterAll(() => project.close());

const planned = async (day: string) => {
  const { stdout } = await daybook(
    ['plan', '--day', day, '--project', project.app.project.dir],
    environment(inject('stack')),
  );
  return stdout.split('\n').slice(0, 2).join('\n');
};
const lastBuild = async (day: string) => (await project.app.ledger.latestBuilds(day, day))[0];

test('a new test runs on the published tables without a rebuild; its failure stays until it passes', async () => {
  const day = '2026-04-01';
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a', { amount: 5 }), payment(day, 'b', { amount: 50 })));
  expect((await project.run(day)).outcome).toBe('published');
  expect(await planned(day)).toMatch(new RegExp(`^${day} {2}unchanged\n`));
  const before = await project.state(day);

  await project.write(NEW, smaller(10));
  expect(await planned(day)).toBe(`${day}  test\n            1 test to run on the published tables: small_amounts`);
  for (let run = 0; run < 2; run++) {
    const failed = await project.fail(day);
    expect(failed).toMatchObject({ step: 'test', cause: 'TestFailed' });
    expect(failed.message).toContain('Test small_amounts found 1 row that must not exist, such as {"id":"b"}.');
    expect(failed.message).toContain(
      'Readers have these rows: they were published before the test was added or edited.',
    );
    expect(await lastBuild(day)).toMatchObject({ event: 'failed', step: 'test' });
  }
  expect(await project.state(day)).toEqual(before);
  expect(await planned(day)).toContain('small_amounts');

  await project.write(NEW, smaller(100));
  const passed = await project.run(day);
  expect(passed).toMatchObject({ outcome: 'unchanged', generation: 1, tested: { passed: 1, warned: [] } });
  expect(passed.steps.map(({ step }) => step)).toEqual(['recover', 'list', 'test']);
  expect(await lastBuild(day)).toMatchObject({ event: 'unchanged' });
  expect(await planned(day)).toMatch(new RegExp(`^${day} {2}unchanged\n`));
  expect(await project.state(day)).toEqual(before);

  // A run that has nothing left to do runs no test.
  expect((await project.run(day)).steps.map(({ step }) => step)).toEqual(['recover', 'list']);
});

test('a test that fails on a published day and is removed leaves the day as it is', async () => {
  const day = '2026-04-02';
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a', { amount: 500 })));
  await project.write(NEW, smaller(1_000));
  await project.run(day);
  await project.write(NEW, smaller(10));
  await project.fail(day);
  await rm(join(project.app.project.dir, NEW));
  expect(await planned(day)).toMatch(new RegExp(`^${day} {2}unchanged\n`));
  expect((await project.run(day)).outcome).toBe('unchanged');
  expect(await lastBuild(day)).toMatchObject({ event: 'unchanged' });
});

test('a nightly run reports older days that the tests of today did not check', async () => {
  const day = '2026-04-03';
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a')));
  await project.run(day);
  await project.write(NEW, smaller(2_000));
  const { notes } = await project.attempt().audit({ day: '2026-04-20', failed: [] });
  expect(notes.map(plain).join('\n')).toContain(
    '2026-04-01 to 2026-04-03: not checked by the current tests: npx daybook backfill --start 2026-04-01 --end 2026-04-03',
  );
  const { counts } = await project.backfill({ start: '2026-04-01', end: '2026-04-03' });
  expect(counts).toMatchObject({ unchanged: 3, failed: 0 });
  const again = await project.attempt().audit({ day: '2026-04-20', failed: [] });
  expect(again.notes.map(plain).join('\n')).not.toContain('not checked');
  await rm(join(project.app.project.dir, NEW));
});

test('a day is stale only where a rebuild would use other objects: not for the same objects in other chunks', async () => {
  const day = '2026-04-10';
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a')));
  await project.put(keyOf(day, 'b'), lines(payment(day, 'b')));
  await project.run(day);
  const { ledger, clickhouse } = project.app;
  const report = openLedgerReport(clickhouse, ledger.project);
  const used = await ledger.chunksOf('events', day, day);
  const objects = used.flatMap((chunk) => [...chunk.objects]);
  const record = (chunk: string, of: StoredObject[]) =>
    ledger.recordChunk({
      ...{ source: 'events', folder: day, chunk, normalizer: [...(used[0]?.rowsByDay.keys() ?? [])][0] ?? '' },
      ...{ manifest: '', objects: of, rowsByDay: { [day]: of.length }, accounts: [], quarantined: [] },
    });
  // A neighbour's build grouped the same objects otherwise while this day was planned.
  await record(chunkIdOf(objects), objects);
  expect(await report.unusedChunks(day, day)).toEqual([]);
  expect((await project.run(day)).outcome).toBe('unchanged');

  // The rejects of one object were processed again.
  await record(retriedChunkId(objects.slice(0, 1), 'again'), objects.slice(0, 1));
  expect(await report.unusedChunks(day, day)).toEqual([{ day, table: 'events' }]);
});
