import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { startOrAttachDay } from '../../src/cli/common/start.js';
import { taskQueue, workflowId } from '../../src/shared/names.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

const MODEL = 'sql/aggregates/daily_amounts.sql';

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG);
});
afterAll(() => project.close());
afterEach(() => project.write(MODEL, PAYMENTS[MODEL] ?? ''));

/** Publishes a day of two payments; answers what readers have then. */
async function published(day: string) {
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a1'), payment(day, 'a2')));
  expect((await project.run(day)).outcome).toBe('published');
  return await project.state(day);
}

/** Gives the model another SELECT. */
const select = (sql: string) => project.write(MODEL, (PAYMENTS[MODEL] ?? '').replace(/SELECT[\s\S]*$/, sql));

const stages = (day: string) =>
  project.rows<{ name: string }>(
    'SELECT name FROM system.databases WHERE startsWith(name, {prefix:String}) ORDER BY name',
    {
      prefix: `daybook_${project.name}_${day.replaceAll('-', '')}_`,
    },
  );

test('while a test fails nothing is published, and the message shows the rows and where the stage is', async () => {
  const day = '2026-04-01';
  const before = await published(day);
  await project.put(keyOf(day, 'b'), lines(payment(day, 'b1', { note: 'forbidden' })));
  const { step, message } = await project.fail(day);
  expect(step).toBe('test');
  expect(message).toContain('Test no_forbidden_note found 1 row that must not exist, such as {"id":"b1"}');
  const [stage] = await stages(day);
  const place = `\`${stage?.name ?? 'no stage'}\`.\`events\``;
  expect(message).toContain(`Nothing is published. The rows are in ${place} until the stage is dropped.`);
  expect(await project.rows(`SELECT id FROM ${place} WHERE note = 'forbidden'`)).toEqual([{ id: 'b1' }]);
  expect(await project.state(day)).toEqual(before);
  expect(await project.app.ledger.testResults(day, 2)).toMatchObject([{ status: 'fail', failing: 1 }]);
  expect(await project.app.ledger.latestBuilds(day, day)).toMatchObject([
    { generation: 2, event: 'failed', step: 'test' },
  ]);
});

test('too many rejects publish nothing, and the message names object, line, reason and the next command', async () => {
  const day = '2026-04-02';
  const before = await published(day);
  await project.put(keyOf(day, 'b'), lines(payment(day, 'b1'), payment(day, 'b2', { amount: 'free' }), 'no json'));
  const { step, message } = await project.fail(day);
  expect(step).toBe('load');
  expect(message).toContain('2 of 5 lines in folder 2026-04-02 were rejected, at most 0 are allowed');
  expect(message).toContain(`${keyOf(day, 'b')} line 2: amount: 'free' does not fit Decimal(10, 2)`);
  expect(message).toContain(`npx daybook rejects --day ${day}`);
  expect(await project.state(day)).toEqual(before);
  // What the owner allows is let through, and counted.
  await project.configure({}, { maxRejects: 2 });
  expect(await project.run(day)).toMatchObject({ outcome: 'published', loaded: [{ rows: 3, rejected: 2 }] });
  await project.configure({});
});

test('a model that returns rows of another day publishes nothing', async () => {
  const day = '2026-04-03';
  const before = await published(day);
  await select(
    `SELECT of + 1 AS day, events, amount
     FROM (SELECT day AS of, count() AS events, sum(amount) AS amount FROM events WHERE day = {day:Date} GROUP BY day)`,
  );
  const { step, message } = await project.fail(day, true);
  expect(step).toBe('refresh');
  expect(message).toContain(`daily_amounts: the build of ${day} made 1 rows of other days`);
  expect(await project.state(day)).toEqual(before);
});

test.each([
  ['2026-04-14', 'less than nothing', 'toInt64(count()) - 10'],
  ['2026-04-15', 'more than its column holds', 'count() + 70000000000'],
  ['2026-04-16', 'nothing at all', 'nullIf(count(), count())'],
])('%s: a model that puts %s into a UInt32 column breaks its contract', async (day, _, events) => {
  const before = await published(day);
  await select(
    `SELECT day, ${events} AS events, sum(amount) AS amount FROM events WHERE day = {day:Date} GROUP BY day`,
  );
  await expect(project.build(day, { force: true })).rejects.toMatchObject({
    type: 'ContractBroken',
    nonRetryable: true,
  });
  expect(await project.state(day)).toEqual(before);
});

test('columns of a model are matched with the table by name, not by position', async () => {
  const day = '2026-04-05';
  await published(day);
  await select(
    'SELECT sum(amount) * 2 AS amount, day, count() AS events FROM events WHERE day = {day:Date} GROUP BY day',
  );
  expect((await project.run(day, true)).outcome).toBe('published');
  expect(
    await project.rows('SELECT events, toString(amount) AS amount FROM daily_amounts WHERE day = {day:Date}', { day }),
  ).toEqual([{ events: 2, amount: '4' }]);
});

test('a foreign row in a live table is noticed before the day is built on it', async () => {
  const day = '2026-04-06';
  await published(day);
  await project.admin.run({
    sql: `INSERT INTO ${project.database}.events (day, id) VALUES ('${day}', 'stray')`,
  });
  await select('SELECT day, count() AS events, max(amount) AS amount FROM events WHERE day = {day:Date} GROUP BY day');
  await project.put(keyOf(day, 'b'), lines('', ''));
  const { step, message } = await project.fail(day);
  expect(step).toBe('load');
  expect(message).toMatch(/events holds 3 rows of 2026-04-06, but 2 were published: something else wrote to it/);
  expect((await project.run(day, true)).outcome).toBe('published');
  expect(await project.rows('SELECT count() AS n FROM events WHERE day = {day:Date}', { day })).toEqual([{ n: '2' }]);
});

/** A SELECT of the model that no test sees the end of. */
const ENDLESS = `SELECT day, toUInt32(countIf(sipHash64(number) = 0)) AS events, sum(amount) AS amount
  FROM numbers(1000000000000) AS many CROSS JOIN events WHERE day = {day:Date} GROUP BY day`;

/** Statements of the project that run now. */
const running = async () => {
  const queries = await project.rows<{ query: string }>(
    "SELECT query FROM system.processes WHERE startsWith(Settings['log_comment'], {own:String})",
    { own: `daybook/${project.name}/` },
  );
  return queries.map(({ query }) => query);
};

/** Until the endless one does; earlier steps run queries too, and a poll may meet one of those. */
async function untilItRuns(ended: Promise<unknown>): Promise<void> {
  while (!(await running()).some((query) => query.includes('sipHash64'))) {
    const early = await Promise.race([ended, sleep(50)]);
    expect(early, 'the day ended before its query ran').toBeUndefined();
  }
}

test('a cancelled day kills its query, leaves readers what they have, and can be run again', async () => {
  const day = '2026-04-07';
  const before = await published(day);
  await select(ENDLESS);
  const handle = await startOrAttachDay(project.app, { day, force: true });
  const ended = handle.result().then(String, (reason: unknown) => reason);
  await untilItRuns(ended);
  await handle.cancel();
  const error = await ended;
  expect(error).toBeInstanceOf(WorkflowFailedError);
  const { cause } = error as WorkflowFailedError;
  expect(cause, cause?.message).toBeInstanceOf(CancelledFailure);
  expect(await running()).toEqual([]);
  expect(await project.app.ledger.latestBuilds(day, day)).toMatchObject([
    { generation: 2, event: 'cancelled', step: 'refresh' },
  ]);
  expect(await project.state(day)).toEqual(before);

  await project.write(MODEL, PAYMENTS[MODEL] ?? '');
  expect(await project.run(day, true)).toMatchObject({ outcome: 'unchanged', generation: 3 });
  expect((await project.state(day)).tables).toEqual(before.tables);
  expect(await stages(day)).toEqual([]);
});

test('a day that is started under another id is refused by name, and the running one is not disturbed', async () => {
  const day = '2026-04-08';
  await published(day);
  await select(ENDLESS);
  const handle = await startOrAttachDay(project.app, { day, force: true });
  const ended = handle.result().then(String, () => 'cancelled');
  await untilItRuns(ended);

  const client = await project.app.temporal();
  const [id, queue] = [workflowId.day(project.name, day), taskQueue.light(project.name)];
  const second = await client.workflow.start('day', { workflowId: 'by-hand', taskQueue: queue, args: [{ day }] });
  await expect(second.result()).rejects.toMatchObject({
    cause: {
      type: 'DayFailed',
      message:
        `Day ${day} failed at step recover: The workflow of ${day} has the id 'by-hand'; expected ${id}, so that two builds ` +
        `of one day never run at once. Start it with: npx daybook run --day ${day}, or: temporal workflow start --type day ` +
        `--task-queue ${queue} --workflow-id ${id} --input '{"day":"${day}"}'`,
      details: [{ step: 'recover', type: 'BadInput' }],
    },
  });
  expect((await running()).some((query) => query.includes('sipHash64'))).toBe(true);
  expect((await handle.describe()).status.name).toBe('RUNNING');
  await handle.cancel();
  expect(await ended).toBe('cancelled');
});
