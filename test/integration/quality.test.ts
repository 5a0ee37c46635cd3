import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { daybook, environment } from '../support/command.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

let project: DayProject;

/** Every way to say what must not be: constraints and keys on both kinds of table, and tests of every severity and tolerance. */
const FILES = {
  ...PAYMENTS,
  'sql/normalized/events.sql': `-- unique: id
CREATE TABLE events (
  day Date, id String, amount Decimal(10, 2), note LowCardinality(String), CONSTRAINT not_negative CHECK amount >= 0
) ENGINE = MergeTree PARTITION BY day ORDER BY id;
SELECT toDate(ts) AS day, id, amount, ifNull(note, '') AS note, _source FROM raw_events;`,
  'sql/aggregates/daily_amounts.sql': `CREATE TABLE daily_amounts (
  day Date, events UInt32, amount Decimal(18, 2), CONSTRAINT plausible CHECK amount < 1000
) ENGINE = MergeTree PARTITION BY day ORDER BY day;
SELECT day, count() AS events, sum(amount) AS amount FROM events WHERE day = {day:Date} GROUP BY day;`,
  'sql/aggregates/daily_notes.sql': `-- unique: day, note
CREATE TABLE daily_notes (day Date, note String, amount Decimal(18, 2)) ENGINE = MergeTree PARTITION BY day ORDER BY day;
SELECT DISTINCT day, note, amount FROM events WHERE day = {day:Date} AND note NOT IN ('', 'odd', 'free', 'strange');`,
  'sql/tests/few_odd.sql': `-- tolerate: 2 rows
SELECT id FROM events WHERE day = {day:Date} AND note = 'odd' ORDER BY id`,
  'sql/tests/few_free.sql': `-- tolerate: 20%
SELECT id FROM events JOIN daily_amounts USING (day) WHERE day = {day:Date} AND note = 'free' ORDER BY id`,
  'sql/tests/nothing_strange.sql': `-- severity: warn
SELECT id, note FROM events WHERE day = {day:Date} AND note = 'strange' ORDER BY id`,
};

beforeAll(async () => {
  project = await openDays(inject('stack'), FILES, {
    ...PAYMENTS_CONFIG,
    sources: { events: { ...PAYMENTS_CONFIG.sources['events'], dedupeBy: [], maxRejects: '50%' } },
  });
});
afterAll(() => project.close());

const put = (day: string, name: string, ...payments: [id: string, fields?: Record<string, unknown>][]) =>
  project.put(keyOf(day, name), lines(...payments.map(([id, fields]) => payment(day, id, fields))));

/** Publishes four plain payments, and then adds what the day must not be published with. */
async function spoil(day: string, ...payments: [id: string, fields?: Record<string, unknown>][]) {
  await put(day, 'good', ['a'], ['b'], ['c'], ['d']);
  expect(await project.run(day)).toMatchObject({ outcome: 'published', generation: 1 });
  const before = await project.state(day);
  await put(day, 'spoilt', ...payments);
  const failure = await project.fail(day);
  expect(await project.state(day), 'readers keep what they have, and no publish was begun').toEqual(before);
  return failure;
}

const results = async (day: string, generation: number) =>
  Object.fromEntries(
    (await project.app.ledger.testResults(day, generation)).map(({ test: name, ...result }) => [name, result]),
  );

const PASSED = { status: 'pass', failing: 0, sample: [] };

test('failing rows that a test tolerates do not stop the day, and are kept in the ledger', async () => {
  const day = '2026-04-01';
  // Ten rows, of which 20 % are two.
  const free = { note: 'free', amount: 0 };
  await put(day, 'a', ['a'], ['b'], ['c'], ['d'], ['o1', { note: 'odd' }], ['o2', { note: 'odd' }]);
  await put(day, 'b', ['f1', free], ['f2', free], ['s1', { note: 'strange' }], ['g']);
  const { outcome, tested } = await project.run(day);
  expect({ outcome, tested }).toEqual({
    outcome: 'published',
    tested: { passed: 5, warned: [{ test: 'nothing_strange', rows: 1 }] },
  });
  expect(await results(day, 1)).toEqual({
    few_odd: { status: 'pass', failing: 2, sample: ['{"id":"o1"}', '{"id":"o2"}'] },
    few_free: { status: 'pass', failing: 2, sample: ['{"id":"f1"}', '{"id":"f2"}'] },
    nothing_strange: { status: 'warn', failing: 1, sample: ['{"id":"s1","note":"strange"}'] },
    no_forbidden_note: PASSED,
    'unique events (id)': PASSED,
    'unique daily_notes (day, note)': PASSED,
  });
});

test('one row more than a test tolerates, as a number or a share, stops the day with all that failed', async () => {
  const day = '2026-04-02';
  const odd = { note: 'odd' };
  const free = { note: 'free', amount: 0 };
  const { step, message } = await spoil(
    day,
    ['o1', odd],
    ['o2', odd],
    ['o3', odd],
    ['f1', free],
    ['f2', free],
    ['x', { note: 'forbidden' }],
  );
  expect(step).toBe('test');
  expect(message).toContain('Test few_odd found 3 rows that must not exist (2 tolerated), such as {"id":"o1"}');
  expect(message).toContain('Test no_forbidden_note found 1 row that must not exist, such as {"id":"x"}.');
  expect(message).toContain('Nothing is published.');
  // Two of ten are 20 %.
  expect(message).not.toContain('few_free');
  expect(await results(day, 2)).toMatchObject({
    few_odd: { status: 'fail', failing: 3 },
    few_free: { status: 'pass', failing: 2 },
    no_forbidden_note: { status: 'fail', failing: 1, sample: ['{"id":"x"}'] },
    'unique events (id)': PASSED,
  });
  await project.put(keyOf(day, 'spoilt'), lines(payment(day, 'o1', odd), payment(day, 'f1', free)));
  expect(await project.run(day)).toMatchObject({ outcome: 'published', generation: 3 });
  expect(await project.state(day)).toMatchObject({
    tables: [{ rows: '1' }, { rows: '1' }, { rows: '0' }, { rows: '6' }],
  });
});

test('a duplicate key stops the day, in a normalized table and in a model', async () => {
  const day = '2026-04-03';
  const { step, message } = await spoil(
    day,
    ['a'],
    ['e', { note: 'same', amount: 1 }],
    ['f', { note: 'same', amount: 2 }],
  );
  expect(step).toBe('test');
  expect(message).toContain(
    'Test unique events (id) found 1 row that must not exist, such as {"id":"a","how often":"2"}',
  );
  expect(await results(day, 2)).toMatchObject({
    'unique events (id)': { status: 'fail', failing: 1, sample: ['{"id":"a","how often":"2"}'] },
    'unique daily_notes (day, note)': {
      status: 'fail',
      failing: 1,
      sample: [`{"day":"${day}","note":"same","how often":"2"}`],
    },
  });
});

test('a constraint of a normalized table rejects the row by its name', async () => {
  const day = '2026-04-04';
  await put(day, 'a', ['a'], ['b'], ['minus', { amount: -1 }]);
  expect(await project.run(day)).toMatchObject({ outcome: 'published', normalized: { rows: 2, rejected: 1 } });
  const rejects = await project.rows<{ line: number; reason: string }>(
    'SELECT toUInt32(line) AS line, reason FROM daybook.rejected_rows WHERE project = {name:String} AND object = {object:String}',
    { name: project.name, object: keyOf(day, 'a') },
  );
  expect(rejects).toEqual([{ line: 3, reason: expect.stringContaining('not_negative') as string }]);
});

test('a row of a model that breaks a constraint stops the day at its refresh, and names the table and the constraint', async () => {
  const day = '2026-04-05';
  const { step, message } = await spoil(day, ['much', { amount: 2000 }]);
  expect(step).toBe('refresh');
  expect(message).toContain(`refresh daily_amounts of ${day}: `);
  expect(message).toMatch(/Constraint `plausible` .* Expression: \(amount < 1000\)\. Column values: amount = '2004'/);
});

test('of many failing rows the ledger keeps twenty, and status shows some of them', async () => {
  const day = '2026-04-06';
  await put(
    day,
    'a',
    ...Array.from({ length: 30 }, (_, n): [string, Record<string, unknown>] => [`s${n + 10}`, { note: 'forbidden' }]),
  );
  expect((await project.fail(day)).message).toContain('found 30 rows that must not exist');
  const { no_forbidden_note: kept } = await results(day, 1);
  expect([kept?.failing, kept?.sample.length]).toEqual([30, 20]);
  const { code, stdout } = await daybook(
    ['status', '--day', day, '--project', project.app.project.dir],
    environment(inject('stack')),
  );
  expect(code).toBe(0);
  expect(stdout).toContain('fail  no_forbidden_note: 30 rows that must not exist, for example');
  expect(stdout).toContain(kept?.sample[0] ?? 'a sample');
});
