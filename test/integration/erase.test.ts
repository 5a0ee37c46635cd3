import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { readArchiveName, workflowId } from '../../src/shared/names.js';
import { connectStore } from '../../src/store/store.js';
import { commandOf } from '../support/command.js';
import { diesBefore, diesBeforeRecord } from '../support/crash.js';
import { openDays, type DayProject } from '../support/day.js';
import { openProxy } from '../support/fault-proxy.js';
import { keyOf, lines, payment, paymentIds, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

const [FIRST, SECOND, OTHER, HELD] = ['2026-02-01', '2026-02-02', '2026-02-03', '2026-02-04'];
const WHERE = "note = 'person-1'";

let project: DayProject;

/** Two days with a person in rows, in a reject and in an archive; one day without; a held day with that person. */
beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG);
  await project.configure({}, { maxRejects: 5 });
});
afterAll(() => project.close());

const person = (day: string, id: string, note = 'person-1') => payment(day, id, { note });

async function fill(): Promise<void> {
  await project.put(keyOf(FIRST, 'a'), lines(person(FIRST, 'p1'), payment(FIRST, 'x1')));
  await project.run(FIRST);
  const rejected = [
    JSON.stringify({ id: 'r1', ts: `${FIRST}T12:00:00Z`, amount: 'much', note: 'person-1' }),
    'person-1 {',
  ];
  const stranger = JSON.stringify({ id: 'r2', ts: `${FIRST}T12:00:00Z`, amount: 'much', note: 'stranger' });
  await project.put(keyOf(FIRST, 'b'), lines(payment(FIRST, 'x2'), ...rejected, stranger));
  await project.run(FIRST);
  await project.put(keyOf(SECOND, 'a'), lines(person(SECOND, 'p2'), person(SECOND, 'p3'), payment(SECOND, 'x3')));
  await project.run(SECOND);
  await project.put(keyOf(OTHER, 'a'), lines(person(OTHER, 's1', 'person-12')));
  await project.run(OTHER);
  await project.put(keyOf(HELD, 'a'), lines(person(HELD, 'p4'), payment(HELD, 'x4')));
  await project.run(HELD);
}

const command = commandOf(inject('stack'), () => project);

const erase = (...args: string[]) => command('erase', '--table', 'events', '--where', WHERE, ...args);

const zone = async (part: string) =>
  (await project.app.store.list(project.bucket, `daybook/${project.name}/`))
    .map(({ key }) => key)
    .filter((key) => key.includes(part));

const rejects = async () =>
  (
    await project.rows<{ text: string }>(
      'SELECT DISTINCT text FROM daybook.rejected_rows WHERE project = {name:String} ORDER BY text',
      { name: project.name },
    )
  ).map(({ text }) => text);

const archives = async () =>
  (
    await project.rows<{ name: string }>('SELECT name FROM system.tables WHERE database = {database:String}', {
      database: `daybook_${project.name}_archive`,
    })
  ).flatMap(({ name }) => readArchiveName(name)?.table ?? []);

test('a dry run shows where the rows are, and which raw objects hold them; it changes nothing', async () => {
  await fill();
  expect((await command('hold', '--day', HELD, '--reason', 'audited')).code).toBe(0);
  const before = [await project.state(FIRST), await zone('')];
  const { stdout, code } = await erase('--dry-run', '--output', 'json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    dryRun: true,
    table: 'events',
    days: [
      { day: FIRST, rows: 1 },
      { day: SECOND, rows: 2 },
      { day: HELD, rows: 1 },
    ],
    chunks: 4,
    rejects: 1,
    otherRejects: 2,
    archives: 2,
    objects: [keyOf(FIRST, 'a'), keyOf(FIRST, 'b'), keyOf(SECOND, 'a'), keyOf(HELD, 'a')],
  });
  expect([await project.state(FIRST), await zone('')]).toEqual(before);
  const wrong = await command('erase', '--table', 'event', '--where', '1', '--dry-run');
  expect(wrong).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("no table 'event'; expected one of events") as string,
  });
});

test('an erasure whose chunks the store does not delete is not ended, although the answer has status 200', async () => {
  const id = '0000-2222';
  const ofNone = '0000-3333';
  const keep = async (of: string, where: string) => {
    const key = `daybook/${project.name}/_erasures/${of}.json`;
    await project.app.store.write(project.bucket, key, JSON.stringify({ id: of, table: 'events', where, text: where }));
    return key;
  };
  const keys = [await keep(id, WHERE), await keep(ofNone, "id = 'none'")];
  const before = await zone('.');
  const proxy = await openProxy(inject('stack').s3.endpoint);
  proxy.intercept(({ asked, answer }) => {
    if (!asked.url.searchParams.has('delete')) return undefined;
    const [, first = ''] = /<Key>(.*?)<\/Key>/.exec(asked.body.toString()) ?? [];
    const refused = `<DeleteResult><Error><Key>${first}</Key><Code>AccessDenied</Code></Error></DeleteResult>`;
    answer({ status: 200, headers: { 'content-type': 'application/xml' }, body: Buffer.from(refused) });
    return Promise.resolve();
  });
  const store = connectStore({ ...project.app.env.s3, endpoint: proxy.url });
  await expect(project.attempt({ world: { store } }).eraseChunks({ id })).rejects.toMatchObject({
    type: 'AccessDenied',
    nonRetryable: true,
  });
  const ending = project.attempt({ world: { store } }).endErasure({ id: ofNone, days: [], rows: 0 });
  await expect(ending).rejects.toMatchObject({ type: 'AccessDenied' });
  store.close();
  await proxy.close();
  expect(await zone('.')).toEqual(before);
  await project.app.store.remove(project.bucket, keys);
});

test('an erasure that dies at any step is finished by the same command, and no row is left', async () => {
  const act = (world = {}) => project.attempt({ world });
  const id = '0000-1111';
  await project.app.store.write(
    project.bucket,
    `daybook/${project.name}/_erasures/${id}.json`,
    JSON.stringify({ id, table: 'events', where: WHERE, text: 'person-1 {' }),
  );
  await expect(act(diesBefore(project, 'remove rejects')).eraseChunks({ id })).rejects.toThrow('the worker died');
  await expect(act(diesBefore(project, 'copy events')).eraseRows({ id, day: FIRST })).rejects.toThrow(
    'the worker died',
  );
  const { build, tables } = await act().eraseRows({ id, day: FIRST });
  for (const world of [diesBefore(project, 'publish events'), diesBeforeRecord(project, 'done')])
    await expect(act(world).publish({ build, tables })).rejects.toThrow('the worker died');

  const before = await project.state(OTHER);
  expect((await erase('--dry-run')).stdout).toContain(
    "2 more rejected lines of events: no row of theirs matches, or they cannot be read, and a line that cannot be read matches no condition. To remove those that contain a text, too, add: --rejects-with 'TEXT'",
  );
  const { stdout, stderr, code } = await erase('--rejects-with', 'person-1 {');
  expect(code, stderr).toBe(0);
  expect(stdout).toContain('erased 4 rows of events on 3 days');
  expect(stdout).toContain(`models of ${HELD} are not rebuilt`);

  expect(await paymentIds(project, FIRST)).toEqual(['x1', 'x2']);
  expect(await paymentIds(project, SECOND)).toEqual(['x3']);
  expect(await paymentIds(project, HELD)).toEqual(['x4']);
  expect(await project.state(OTHER)).toEqual(before);
  expect(await project.rows('SELECT day, events FROM daily_amounts ORDER BY day')).toEqual([
    { day: FIRST, events: 2 },
    { day: SECOND, events: 1 },
    { day: OTHER, events: 1 },
    { day: HELD, events: 2 },
  ]);
  expect((await rejects()).join()).toContain('stranger');
  expect((await rejects()).join()).not.toContain('person-1');
  expect(await archives()).toEqual([]);
  expect((await zone('.parquet')).every((key) => key.includes(`/${OTHER}/`))).toBe(true);
  expect(await zone('_erasures')).toEqual([]);
});

test('what was done is recorded, and whom it was about is neither in the ledger nor in a history', async () => {
  const records = await project.rows<{ id: string; event: string; days: string[]; rows: string }>(
    'SELECT id, event, days, rows FROM daybook.erasures WHERE project = {name:String} ORDER BY at, event',
    { name: project.name },
  );
  expect(records.at(-1)).toMatchObject({ id: '0000-1111', event: 'done', days: [FIRST, SECOND, HELD] });
  const client = await project.app.temporal();
  const ids = [workflowId.erase(project.name, '0000-1111'), workflowId.day(project.name, FIRST)];
  for (const id of ids) {
    const history = await client.workflow.getHandle(id).fetchHistory();
    const text = JSON.stringify(history, (_, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString() : value,
    );
    expect(text.length).toBeGreaterThan(1000);
    expect(text).not.toContain('person-1');
  }
});

test('live tables are as the ledger says, held days are still held, and no run brings the rows back', async () => {
  expect(await command('verify', '--start', FIRST, '--end', HELD)).toMatchObject({ code: 0 });
  expect(await project.app.ledger.holdOf(HELD)).toMatchObject({ reason: 'audited' });
  expect(await project.run(FIRST)).toMatchObject({ outcome: 'unchanged' });
  await project.put(keyOf(SECOND, 'late'), lines(payment(SECOND, 'x5')));
  // The object that held the rows was rewritten by its owner, so the new build reads it without them.
  await project.put(keyOf(SECOND, 'a'), lines(payment(SECOND, 'x3')));
  expect(await project.run(SECOND)).toMatchObject({ outcome: 'published' });
  expect(await paymentIds(project, SECOND)).toEqual(['x3', 'x5']);
  const again = await erase();
  expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('erased 0 rows') as string });
  // The raw objects of the first day still hold the rows: nothing suggests to publish what a rebuild makes of them.
  const { stdout } = await command('verify', '--day', FIRST, '--rebuild');
  expect(stdout).toContain(
    'rows of this day were erased: if its raw objects still hold them, a rebuild brings them back',
  );
  expect(stdout).not.toContain('--force');
});
