import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { runExclusive } from '../../src/cli/common/exclusive-run.js';
import { openLedgerReport } from '../../src/ledger/report/index.js';
import { command } from '../../src/shared/commands.js';
import type { DayResult } from '../../src/shared/workflows.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, paymentIds, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

const DAY = '2026-04-01';
const FAILED = '2026-04-02';
const BAD = '2026-04-03';
const SAME = '2026-04-04';

let project: DayProject;

/** Each object is a chunk of its own; a payment with a note that the dictionary does not know is a reject. */
beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG);
  const { user, password } = inject('stack').clickhouse.admin;
  await project.admin.run({ sql: `CREATE DATABASE IF NOT EXISTS daybook_${project.name}_words` });
  for (const sql of [
    'CREATE TABLE known (word String, meaning String) ENGINE = MergeTree ORDER BY word',
    "INSERT INTO known VALUES ('a', 'one')",
    `CREATE DICTIONARY words (word String, meaning String) PRIMARY KEY word
     SOURCE(CLICKHOUSE(USER '${user}' PASSWORD '${password}' DB 'daybook_${project.name}_words' TABLE 'known')) LAYOUT(COMPLEX_KEY_HASHED()) LIFETIME(0)`,
  ])
    await project.admin.run({ sql }, { database: `daybook_${project.name}_words` });
  await write(`note != '' AND NOT dictHas('daybook_${project.name}_words.words', ifNull(note, ''))`);
  await project.configure({}, { maxRejects: 1 });
});
afterAll(() => project.close());

const write = (unknown: string) =>
  project.write(
    'sql/normalized/events.sql',
    (PAYMENTS['sql/normalized/events.sql'] ?? '').replace(
      'AS skip_reason',
      `AS skip_reason, if(${unknown}, 'unknown word', '') AS reject_reason`,
    ),
  );

async function teach(word: string): Promise<void> {
  const database = `daybook_${project.name}_words`;
  await project.admin.run({ sql: `INSERT INTO known VALUES ({word:String}, 'x')`, params: { word } }, { database });
  await project.admin.run({ sql: 'SYSTEM RELOAD DICTIONARY words' }, { database });
}

const retry = async (day: string, word: string) => {
  const end = await runExclusive(
    project.app,
    { day, code: true, retry: word },
    { what: 'retry', own: false, quiet: true, again: command.rejectsRetry(day) },
  );
  return end.ok ? end.result : end;
};

const idsOf = (day: string) => paymentIds(project, day);

test('after a dictionary was fixed, only the chunks with rejects are processed again, and the day is published again', async () => {
  await project.put(keyOf(DAY, 'clean'), lines(payment(DAY, 'clean', { note: 'a' })));
  await project.put(keyOf(DAY, 'mixed'), lines(payment(DAY, 'good'), payment(DAY, 'late', { note: 'b' })));
  expect(await project.run(DAY)).toMatchObject({
    outcome: 'published',
    normalized: { chunks: 2, rows: 2, rejected: 1 },
  });
  const before = await project.manifests(DAY);
  await teach('b');
  expect(await project.run(DAY), 'nothing that a build hashes has changed').toMatchObject({ outcome: 'unchanged' });

  expect(await retry(DAY, 'first')).toMatchObject({
    outcome: 'published',
    normalized: { chunks: 1, lines: 2, rows: 2, rejected: 0 },
    notes: [`events: 1 of 2 chunks of folder ${DAY} with rejects or quarantined objects is processed again`],
  });
  expect(await idsOf(DAY)).toEqual(['clean', 'good', 'late']);
  // Earlier chunks are not changed: other days and older builds were made from them.
  const after = await project.manifests(DAY);
  expect(after.size).toBe(3);
  for (const [key, manifest] of before) expect(after.get(key)).toEqual(manifest);

  expect(await project.run(DAY), 'from now on the new chunk counts').toMatchObject({ outcome: 'unchanged' });
});

test('a retry of the same name, or without anything to process again, changes nothing and says so', async () => {
  const state = await project.state(DAY);
  for (const word of ['first', 'second'])
    expect(await retry(DAY, word)).toMatchObject({
      outcome: 'unchanged',
      notes: [`events: no chunk of folder ${DAY} holds rejects or quarantined objects; nothing is processed again`],
    });
  expect(await project.state(DAY)).toEqual(state);
});

test('a day that failed for too many rejects is published by a retry', async () => {
  await project.put(keyOf(FAILED, 'clean'), lines(payment(FAILED, 'clean')));
  await project.put(
    keyOf(FAILED, 'two'),
    lines(payment(FAILED, 'one', { note: 'c' }), payment(FAILED, 'two', { note: 'c' })),
  );
  expect((await project.fail(FAILED)).message).toContain('2 of 3 lines');
  expect(await retry(FAILED, 'too early')).toMatchObject({ outcome: 'failed' });
  await teach('c');
  expect(await retry(FAILED, 'in time')).toMatchObject({ outcome: 'published', normalized: { chunks: 1 } });
  expect(await idsOf(FAILED)).toEqual(['clean', 'one', 'two']);
});

test('quarantined objects are processed again too', async () => {
  await project.configure({}, { onBadObject: 'quarantine' });
  await project.put(keyOf(BAD, 'clean'), lines(payment(BAD, 'clean')));
  await project.put(`raw/${BAD}/bad.json.gz`, 'no gzip');
  expect(await project.run(BAD)).toMatchObject({ normalized: { quarantined: 1 } });
  expect(await retry(BAD, 'again')).toMatchObject({ normalized: { chunks: 1, quarantined: 1 } });
  await project.configure({}, { maxRejects: 1 });
});

test('a retry that fixes nothing publishes nothing, and the day is up to date', async () => {
  await project.put(keyOf(SAME, 'mixed'), lines(payment(SAME, 'good'), payment(SAME, 'bad', { note: 'unknown' })));
  await project.run(SAME);
  const state = await project.state(SAME);
  const events = async () =>
    (await project.app.ledger.currentPublishes(SAME, SAME)).find(({ table }) => table === 'events');
  const before = await events();
  const publishing = [expect.stringContaining('nothing changed · 1 rebuilt table with the same rows as before')];
  const retried = await retry(SAME, 'in vain');
  expect(retried).toMatchObject({ outcome: 'unchanged', normalized: { chunks: 1, rejected: 1 }, published: [] });
  expect((retried as DayResult).steps.filter(({ step }) => step === 'publish').map(({ what }) => what)).toEqual(
    publishing,
  );
  expect(await project.state(SAME)).toEqual(state);

  const after = await events();
  expect(after).toMatchObject({ generation: 1, made_by: 2 });
  expect(after?.chunks, 'the new chunk counts').not.toEqual(before?.chunks);
  expect(await openLedgerReport(project.admin, project.name).unusedChunks(SAME, SAME)).toEqual([]);
  expect(await project.run(SAME)).toMatchObject({ outcome: 'unchanged', normalized: { chunks: 0 } });
  expect(await project.run(SAME, true), 'nor does a forced run').toMatchObject({ outcome: 'unchanged' });
  expect(await project.state(SAME)).toEqual(state);

  await project.rows('ALTER TABLE events DELETE WHERE day = {day:Date} SETTINGS mutations_sync = 1', { day: SAME });
  expect(await project.run(SAME, true), 'but live rows that differ are repaired').toMatchObject({
    outcome: 'published',
    published: [{ table: 'events', rows: 1 }],
  });
  expect((await project.state(SAME)).tables).toEqual(state.tables);
});

test('after a fix of the SQL every chunk is normalized again: a day never mixes two SELECTs', async () => {
  await project.configure({}, { maxRejects: 1 });
  await project.put(keyOf(DAY, 'wrong'), lines(payment(DAY, 'wrong', { note: 'never known' })));
  expect(await project.run(DAY)).toMatchObject({ normalized: { chunks: 1, rejected: 1 } });
  await write('0');
  expect(await retry(DAY, 'fixed')).toMatchObject({
    outcome: 'published',
    normalized: { chunks: 3, rows: 4, rejected: 0 },
    notes: [`events: 3 of 3 chunks of folder ${DAY} are normalized anyway: the SQL or the objects changed`],
  });
  expect(await idsOf(DAY)).toEqual(['clean', 'good', 'late', 'wrong']);
});
