import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { tableFingerprint } from '../../src/ledger/fingerprints.js';
import type { BuiltTable } from '../../src/shared/build.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import { frozenBefore } from '../support/crash.js';
import { openDays, type DayProject } from '../support/day.js';
import { SMALL, SMALL_CONFIG, SPARSE } from '../support/lookback.js';
import { keyOf, lines, payment } from '../support/payments.js';

let project: DayProject;
let sparse: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), SMALL, SMALL_CONFIG);
  sparse = await openDays(inject('stack'), SPARSE, { ...SMALL_CONFIG, start: '2026-05-01' });
});
afterAll(async () => {
  await project.close();
  await sparse.close();
});

const put = (to: DayProject, day: string, name: string, amount = 1) =>
  to.put(keyOf(day, name), lines(payment(day, name, { amount })));

/** A project that starts here: what earlier tests left behind are no holes. */
async function startsWith(day: string) {
  await project.configure({ start: day });
  await put(project, day, 'a');
  await project.run(day);
}

/** A world in which something happens right after a statement of this name. */
function after(what: string, happens: () => Promise<unknown>): Partial<Dependencies> {
  const { clickhouse } = project.app;
  let once = true;
  return {
    clickhouse: {
      ...clickhouse,
      run: async (statement, options) => {
        const ran = await clickhouse.run(statement, options);
        if (!once || options?.what !== what) return ran;
        once = false;
        await happens();
        return ran;
      },
    },
  };
}

/** Which fingerprint each table's day has now. */
async function fingerprint(table: string, day: string) {
  const record = (await project.app.ledger.currentPublishes(day, day)).find((one) => one.table === table);
  return record && tableFingerprint(record.code, record.data);
}

const inputsOf = async (table: string, day: string) =>
  (await project.app.ledger.currentPublishes(day, day)).find((one) => one.table === table)?.inputs;

test('an earlier day that is published while it is copied is copied again, and the ledger records what was read', async () => {
  const [first, second] = ['2026-06-01', '2026-06-02'];
  await startsWith(first);
  await put(project, first, 'b');
  await put(project, second, 'a');
  const { build } = await project.attempt().list({ day: second, force: false });
  await project.attempt().normalize({ build, chunk: 0 });
  const world = after(`copy events of ${first}`, () => project.run(first));
  await expect(project.attempt({ world }).load({ build, table: 'events' })).rejects.toThrow(
    `events of ${first} was published while it was copied; the copy is retried`,
  );
  const events = await project.attempt({ attempt: 2 }).load({ build, table: 'events' });
  expect(events.earlier).toEqual({ [first]: await fingerprint('events', first) });
  await project.run(second);
  expect(
    await project.rows('SELECT toInt32(amount) AS amount FROM rolling WHERE day = {day:Date}', { day: second }),
  ).toEqual([{ amount: 3 }]);
});

test('a model that reads itself is retried if its previous day was published meanwhile', async () => {
  const [first, second] = ['2026-06-11', '2026-06-12'];
  await startsWith(first);
  await put(project, first, 'b');
  await put(project, second, 'a');
  const act = project.attempt();
  const { build } = await act.list({ day: second, force: false });
  await act.normalize({ build, chunk: 0 });
  const events = await act.load({ build, table: 'events' });
  const inputs = { events: events.fingerprint, [`events@${first}`]: events.earlier[first] ?? '' };
  const world = after('stage running', () => project.run(first));
  const request = { build, table: 'running', inputs };
  await expect(project.attempt({ world }).refresh(request)).rejects.toThrow(
    `running of ${first} was published while it was copied; the copy is retried`,
  );
  const { inputs: read } = await project.attempt({ attempt: 2 }).refresh(request);
  expect(read[`running@${first}`]).toBe(await fingerprint('running', first));
  // The copy of the events is the older one, and the ledger will say so.
  expect(read[`events@${first}`]).not.toBe(await fingerprint('events', first));
});

test('older rows of a zombie attempt are not published as newer ones', async () => {
  const [first, second] = ['2026-06-15', '2026-06-16'];
  await startsWith(first);
  await put(project, second, 'a');
  const act = project.attempt();
  const { build } = await act.list({ day: second, force: false });
  await act.normalize({ build, chunk: 0 });
  const events = await act.load({ build, table: 'events' });
  const request = { build, table: 'running', inputs: { events: events.fingerprint } };
  let newer: BuiltTable | undefined;
  const meanwhile = async () => {
    await put(project, first, 'b');
    await project.run(first);
    newer = await project.attempt({ attempt: 2 }).refresh(request);
  };
  const older = await project.attempt({ world: frozenBefore(project, 'move running', meanwhile) }).refresh(request);
  expect(newer?.fingerprint).not.toBe(older.fingerprint);
  await expect(act.publish({ build, tables: newer ? [newer] : [] })).rejects.toMatchObject({
    type: 'AccountsDiffer',
    message: expect.stringMatching(`^running of ${second}: the stage holds 1 rows with hash`) as string,
  });
});

test('an earlier day that is published after it was copied leaves the day stale, which the next run finds', async () => {
  const [first, second] = ['2026-06-21', '2026-06-22'];
  await startsWith(first);
  await put(project, second, 'a');
  const input = await project.build(second);
  await put(project, first, 'b');
  const { notes } = await project.run(first);
  expect(notes).toEqual([]);
  await project.attempt().publish(input);
  expect((await inputsOf('rolling', second))?.[`events@${first}`]).not.toBe(await fingerprint('events', first));
  const { outcome, reasons } = await project.attempt().list({ day: second, force: false });
  expect([outcome, reasons]).toEqual([
    'build',
    [
      `rolling reads events of ${first}, published again since`,
      `running reads events of ${first}, running of ${first}, published again since`,
    ],
  ]);
});

test('a day with an unfinished publish cannot be looked back on, and the message says how to recover it', async () => {
  const [first, second] = ['2026-07-01', '2026-07-02'];
  await startsWith(first);
  await put(project, first, 'b');
  const { ledger } = project.app;
  const world: Partial<Dependencies> = {
    ledger: {
      ...ledger,
      recordPublishes: (event, records) =>
        event === 'done' ? Promise.reject(new Error('the worker died')) : ledger.recordPublishes(event, records),
    },
  };
  const cut = await project.build(first);
  await expect(project.attempt({ world }).publish(cut)).rejects.toThrow('the worker died');
  await put(project, second, 'a');
  await expect(project.build(second)).rejects.toThrow(
    `the publish of ${first} is unfinished, and ${second} looks back on it. If no run is in progress: npx daybook run --day ${first}`,
  );
  await project.run(first);
  expect((await project.run(second)).outcome).toBe('published');
  expect(
    await project.rows('SELECT toInt32(total) AS total FROM running WHERE day = {day:Date}', { day: second }),
  ).toEqual([{ total: 3 }]);
});

test('an earlier day that something else wrote to is not read: the error names it and the command that fixes it', async () => {
  const [first, second] = ['2026-07-11', '2026-07-12'];
  await startsWith(first);
  await project.admin.run({
    sql: `INSERT INTO ${project.database}.events SELECT * REPLACE ('smuggled' AS id) FROM ${project.database}.events WHERE day = {day:Date}`,
    params: { day: first },
  });
  await put(project, second, 'a');
  const { message } = await project.fail(second);
  expect(message).toContain(`events holds 2 rows of ${first}, on which ${second} looks back, but 1 were published`);
  expect(message).toContain(`npx daybook run --day ${first} --force`);
  await project.run(first, true);
  expect((await project.run(second)).outcome).toBe('published');
});

test('a missing earlier day fails the build by name; without start, days before the first published one are not missing', async () => {
  const [first, third] = ['2026-01-01', '2026-01-03'];
  await put(project, first, 'a');
  await project.configure({ start: undefined });
  await project.run(first);
  await put(project, third, 'a');
  const { message, step } = await project.fail(third);
  expect([step, message]).toEqual([
    'load',
    `Day ${third} failed at step load: ${third} looks back on events of 2026-01-02, which is not published. ` +
      `Build the earlier day first (or put '-- holes: allow' in the model that looks back): npx daybook run --day 2026-01-02`,
  ]);
});

test('several missing earlier days are built by one backfill', async () => {
  const [first, last] = ['2026-01-05', '2026-01-08'];
  await project.configure({ start: first });
  await put(project, last, 'a');
  const { message } = await project.fail(last);
  expect(message).toContain(
    `looks back on events of 2026-01-06, 2026-01-07, which are not published. Build the earlier days first (or put ` +
      `'-- holes: allow' in the model that looks back): npx daybook backfill --start 2026-01-06 --end 2026-01-07`,
  );
});

test('missing days that a model allows are empty to it, and publishing them rebuilds it', async () => {
  const seen = async (day: string) =>
    (await sparse.rows<{ seen: string[] }>('SELECT seen FROM sparse WHERE day = {day:Date}', { day }))[0]?.seen;
  for (const day of ['2026-05-01', '2026-05-04', '2026-05-03']) await put(sparse, day, 'a');
  await sparse.run('2026-05-01');
  await sparse.run('2026-05-04');
  expect(await seen('2026-05-04')).toEqual(['2026-05-01', '2026-05-04']);
  expect((await sparse.run('2026-05-03')).notes.join()).toContain('2026-05-04 looks back on this day');
  const result = await sparse.run('2026-05-04');
  expect(result.steps.find(({ step }) => step === 'list')?.what).toContain(
    'sparse reads events of 2026-05-03, published again since',
  );
  expect(await seen('2026-05-04')).toEqual(['2026-05-01', '2026-05-03', '2026-05-04']);
});

test('a longer lookback is an edit, not a change of data: the day waits for a forced run', async () => {
  const path = 'sql/aggregates/sparse.sql';
  await sparse.write(path, (SPARSE[path] ?? '').replace('6 days', '2 days'));
  const { outcome, notes } = await sparse.run('2026-05-04');
  expect(outcome).toBe('unchanged');
  expect(notes.join()).toContain('stale by code: sparse');
  expect((await sparse.run('2026-05-04', true)).outcome).toBe('published');
  expect(await sparse.rows("SELECT seen FROM sparse WHERE day = '2026-05-04'")).toEqual([
    { seen: ['2026-05-03', '2026-05-04'] },
  ]);
});

test('a forced run of an old day makes stale only what reads what it changed; a test may look back too', async () => {
  const [first, second] = ['2024-01-01', '2024-01-02'];
  await startsWith(first);
  await put(project, second, 'a', -5);
  const failed = await project.fail(second);
  expect(failed).toMatchObject({ step: 'test' });
  expect(failed.message).toContain('Test never_less found 1 row');
  await put(project, second, 'a', 5);
  expect((await project.run(second)).outcome).toBe('published');
  const { outcome, notes } = await project.run(first, true);
  // Forced, the day is made from what it was made from: it has the same rows, and nothing that reads it can differ.
  expect(outcome).toBe('unchanged');
  expect(notes).toEqual([]);
  const path = 'sql/aggregates/running.sql';
  await project.write(path, (SMALL[path] ?? '').replace('sum(amount)', '2 * sum(amount)'));
  expect((await project.run(second)).notes.join()).toContain('stale by code: running');
  expect((await project.run(first, true)).notes.join()).toContain(`${second} looks back on this day`);
  const { steps, published } = await project.run(second);
  expect(steps.find(({ step }) => step === 'list')?.what).toContain(
    `running reads running of ${first}, published again`,
  );
  expect(published.map(({ table }) => table)).toEqual(['running']);
});
