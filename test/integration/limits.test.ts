import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { messageOf } from '../../src/errors.js';
import { openLedgerReport } from '../../src/ledger/report/index.js';
import { linesOutside } from '../../src/ledger/report/statements.js';
import { plain } from '../../src/shared/sentence.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, paymentIds, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG, { worker: false });
});
afterAll(() => project.close());
afterEach(() => project.configure({}));

const idsOf = (day: string) => paymentIds(project, day);

const MIB = 1024 * 1024;
const together = { chunk: { maxObjects: 100 }, maxRejects: 10 };

test('a line longer than the limit is a reject by name, and keeps a part of its text; a long one below it is a row', async () => {
  const day = '2026-05-01';
  await project.configure({ limits: { longestLine: '2 MiB' } }, together);
  await project.put(
    keyOf(day, 'a'),
    lines(
      payment(day, 'a'),
      payment(day, 'long', { note: 'x'.repeat(3 * MIB) }),
      payment(day, 'b', { note: 'x'.repeat(MIB) }),
    ),
  );
  await project.publish(day);
  expect(await idsOf(day)).toEqual(['a', 'b']);
  const rejects = await project.rows<{ line: string; reason: string; bytes: string }>(
    `SELECT line, reason, length(text) AS bytes FROM daybook.rejected_rows WHERE project = {project:String} AND day = {day:Date}`,
    { project: project.name, day },
  );
  expect(rejects).toEqual([
    { line: '2', reason: 'a line of 3.00 MiB, longer than limits.longestLine (2.00 MiB)', bytes: '65536' },
  ]);
});

test('an object with a line that no memory holds is a bad object, whatever its compressed size; those beside it are published', async () => {
  const day = '2026-05-02';
  await project.configure({ limits: { memory: '300 MiB' } }, { ...together, onBadObject: 'quarantine' });
  const piece = gzipSync('x'.repeat(MIB));
  const bomb = Buffer.concat([gzipSync('{"id":"'), ...Array.from({ length: 700 }, () => piece), gzipSync('"}\n')]);
  expect(bomb.length).toBeLessThan(MIB);
  await project.put(`raw/${day}/bomb.json.gz`, bomb);
  await project.put(keyOf(day, 'good'), lines(payment(day, 'good')));
  await project.publish(day);
  expect(await idsOf(day)).toEqual(['good']);
  const [manifest] = [...(await project.manifests(day)).values()];
  expect(manifest?.quarantined).toEqual([
    {
      object: `raw/${day}/bomb.json.gz`,
      reason: 'reading it alone needs more than limits.memory (300 MiB), as one line or one row of that size does',
    },
  ]);
});

/** Objects of 40 MB each, of which none is large in the store. */
async function putLarge(day: string, count: number): Promise<void> {
  for (let object = 0; object < count; object++) {
    const payments = Array.from({ length: 40_000 }, (_, line) =>
      payment(day, `${object}-${line}`, { note: 'x'.repeat(1_000) }),
    );
    await project.put(`raw/${day}/${object}.json.gz`, gzipSync(lines(...payments)));
  }
}

test('a chunk that needs more than the limit of memory is read again with less, and is published', async () => {
  const day = '2026-05-05';
  await project.configure({ limits: { memory: '300 MiB' } }, together);
  await putLarge(day, 8);
  await project.publish(day);
  expect(await project.rows('SELECT uniqExact(id) AS rows FROM events WHERE day = {day:Date}', { day })).toEqual([
    { rows: '320000' },
  ]);
});

test('a chunk that no setting brings below the limit fails the day at once, and says which limit to raise', async () => {
  const day = '2026-05-06';
  await project.configure({ limits: { memory: '40 MiB' } }, { ...together, onBadObject: 'quarantine' });
  await putLarge(day, 2);
  const { build } = await project.attempt().list({ day, force: false });
  await expect(project.attempt().normalize({ build, chunk: 0 })).rejects.toMatchObject({
    type: 'LimitReached',
    nonRetryable: true,
    message: `events: normalizing 2 objects of folder ${day} together needs more than limits.memory (40 MiB), although each can be read alone. Raise it in the config, or lower sources.events.chunk.maxObjects.`,
  });
  await project.configure({ limits: { memory: '1 GiB' } }, together);
  await project.publish(day);
  expect(await project.rows('SELECT count() AS rows FROM events WHERE day = {day:Date}', { day })).toEqual([
    { rows: '80000' },
  ]);
});

const hungry =
  '(SELECT length(groupArray(repeat(toString(number), 100))) FROM (SELECT arrayJoin(range(400000)) AS number))';
const MODEL = 'sql/aggregates/daily_amounts.sql';
const greedy = (PAYMENTS[MODEL] ?? '').replace('count() AS events', `any(${hungry}) AS events`);

/** Makes the steps before `refresh` of a project's day by hand. */
async function buildUntilRefresh(day: string) {
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a')));
  const act = project.attempt();
  const { build } = await act.list({ day, force: false });
  await act.normalize({ build, chunk: 0 });
  const { fingerprint } = await act.load({ build, table: 'events' });
  return { build, table: 'daily_amounts', inputs: { events: fingerprint } };
}

test('a model or a test that needs more than the limit fails at once, and says which limit to raise', async () => {
  const day = '2026-05-07';
  await project.configure({ limits: { memory: '100 MiB' } });
  await project.write(MODEL, greedy);
  const input = await buildUntilRefresh(day);
  await expect(project.attempt().refresh(input)).rejects.toMatchObject({
    type: 'LimitReached',
    nonRetryable: true,
    message: `refresh daily_amounts of ${day} needs more than limits.memory (100 MiB), even on one thread. Raise it in the config, or let the model read or keep less at once.`,
  });
  await project.write(MODEL, PAYMENTS[MODEL] ?? '');
  await project.write('sql/tests/greedy.sql', `SELECT 1 FROM events WHERE day = {day:Date} AND ${hungry} = 0;`);
  await expect(project.build(day)).rejects.toMatchObject({
    type: 'LimitReached',
    nonRetryable: true,
    message:
      'test greedy needs more than limits.memory (100 MiB), even on one thread. Raise it in the config, or let the test read less.',
  });
  await project.configure({ limits: { memory: '2 GiB' } });
  await project.publish(day);
  expect(await idsOf(day)).toEqual(['a']);
  await project.write('sql/tests/greedy.sql', 'SELECT 1 FROM events WHERE 1 = 0;');
});

test('a model for which the server has no memory is retried while others may hold it, and fails by name once it runs alone', async () => {
  const day = '2026-05-08';
  await project.write(MODEL, greedy);
  const input = await buildUntilRefresh(day);
  const { clickhouse: engine } = project.app;
  // A limit of the user is checked as the server's own is: it counts all queries, and not what one may use.
  const small: typeof engine = {
    ...engine,
    run: (statement, options) => {
      const limit = options?.what?.startsWith('refresh') ? { max_memory_usage_for_user: 100 * MIB } : {};
      return engine.run({ ...statement, settings: { ...statement.settings, ...limit } }, options);
    },
  };
  // Each statement of the user sets the limit again, those of other tests too: what is expected is waited for.
  const refresh = (attempt: number) =>
    expect.poll(
      () =>
        project
          .attempt({ attempt, world: { clickhouse: small } })
          .refresh(input)
          .catch((thrown: unknown) => thrown),
      { timeout: 120_000 },
    );
  // Without the mark of a final failure, so that Temporal retries it.
  const passing = { code: 241, message: expect.stringContaining('User memory limit exceeded') as string };
  await refresh(1).toMatchObject(passing);

  const handle = `holds memory of ${project.name}`;
  const sql =
    'SELECT groupArray(repeat(toString(number), 1000000)), sum(sleepEachRow(0.1)) FROM numbers(150) FORMAT Null';
  const held = () =>
    project.rows<{ bytes: string }>(
      "SELECT sum(memory_usage) AS bytes FROM system.processes WHERE Settings['log_comment'] = {handle:String}",
      { handle },
    );
  const others = project.admin.run({ sql, settings: { max_block_size: 1 } }, { handle }).catch(messageOf);
  await expect.poll(async () => Number((await held())[0]?.bytes), { timeout: 60_000 }).toBeGreaterThan(100 * MIB);
  await refresh(9).toMatchObject(passing);
  await project.admin.endQueries(handle);
  expect(await others).toContain('cancelled');

  await refresh(3).toMatchObject({
    type: 'LimitReached',
    nonRetryable: true,
    message: expect.stringMatching(
      /^refresh daily_amounts of .* User memory limit exceeded: .*This was attempt 3, and no other query uses memory\. Give the ClickHouse server or its user more, or lower limits\.memory/,
    ) as string,
  });
  await project.write(MODEL, PAYMENTS[MODEL] ?? '');
});

test('a line with hundreds of thousands of keys is a row', async () => {
  const day = '2026-05-03';
  const keys = Object.fromEntries(Array.from({ length: 300_000 }, (_, index) => [`key${index}`, index]));
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a', keys), payment(day, 'b')));
  await project.publish(day);
  expect(await idsOf(day)).toEqual(['a', 'b']);
});

test('events of other days are a separate kind of rejects: they are reported and do not count for maxRejects', async () => {
  const day = '2026-05-04';
  await project.configure({}, { maxRejects: 1 });
  const late = ['2026-04-01', '2026-04-02', '2026-03-31'].map((other) => payment(other, `late of ${other}`));
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a'), ...late, 'no JSON'));
  const { build } = await project.attempt().list({ day, force: false });
  await project.attempt().normalize({ build, chunk: 0 });
  const { rows, rejected, notes } = await project.attempt().load({ build, table: 'events' });
  const chunks = [...(await project.manifests(day)).values()].map(({ chunk, normalizer }) => ({
    ...{ folder: day, id: chunk, normalizer },
  }));
  const reasons = await openLedgerReport(project.app.clickhouse, project.name).rejectReasons('events', day, chunks);
  expect(linesOutside(reasons)).toBe(3);
  expect({ rows, rejected, notes: notes.map(plain) }).toEqual({
    ...{ rows: 1, rejected: 4 },
    notes: [
      `events: 3 events in folder ${day} belong to days that its arrival window does not cover: rejected, and not counted for maxRejects. List them: npx daybook rejects --day ${day} --source events`,
    ],
  });
  await project.put(keyOf(day, 'b'), lines('no JSON either'));
  await expect(project.build(day)).rejects.toMatchObject({
    type: 'TooManyRejects',
    message: expect.stringContaining('events: 2 of 6 lines') as string,
  });
});
