import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { detailDay } from '../../src/cli/status/day-detail.js';
import { reportDays } from '../../src/cli/status/day-report.js';
import { detailText, overviewText } from '../../src/cli/status/text.js';
import { openLedgerReport } from '../../src/ledger/report/index.js';
import type { Manifest } from '../../src/plan/manifest.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import { openDays, type DayProject } from '../support/day.js';
import { badKinds, lz4, zstd } from '../support/dirty.js';
import { openProxy } from '../support/fault-proxy.js';
import { keyOf, lines, payment, paymentIds, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG);
});
afterAll(() => project.close());
afterEach(() => project.configure({}));

const manifest = async (day: string): Promise<Manifest> => {
  const [[, one] = []] = [...(await project.manifests(day))];
  if (!one) throw new Error(`folder ${day} has no manifest`);
  return one;
};

const idsOf = (day: string) => paymentIds(project, day);

const together = { chunk: { maxObjects: 500 } };

test('quarantine: a day is published without its bad objects, and each is reported with its reason', async () => {
  const day = '2026-05-01';
  await project.configure({}, { ...together, onBadObject: 'quarantine' });
  const bad = badKinds(day);
  for (const { name, body } of bad) await project.put(`raw/${day}/${name}`, body);
  await project.put(keyOf(day, 'good'), lines(payment(day, 'good1'), payment(day, 'good2')));
  await project.put(`raw/${day}/good.json.zst`, zstd(lines(payment(day, 'zstd1')), lines(payment(day, 'zstd2'))));
  await project.put(`raw/${day}/good.json.lz4`, lz4(lines(payment(day, 'lz4'))));

  const result = await project.run(day);
  expect(result).toMatchObject({ outcome: 'published', normalized: { rows: 5, rejected: 0, quarantined: bad.length } });
  expect(await idsOf(day)).toEqual(['good1', 'good2', 'lz4', 'zstd1', 'zstd2']);

  const { quarantined, accounts } = await manifest(day);
  expect(quarantined.map(({ object }) => object).sort()).toEqual(bad.map(({ name }) => `raw/${day}/${name}`).sort());
  for (const { name, reason } of bad)
    expect(quarantined.find(({ object }) => object === `raw/${day}/${name}`)?.reason, name).toMatch(reason);
  // Every object has an account; those left out an empty one.
  expect(accounts).toHaveLength(bad.length + 3);
  expect(
    accounts.filter(({ lines: count }) => count > 0).map(({ object, lines: count, rows }) => [object, count, rows]),
  ).toEqual([
    [`raw/${day}/good.json`, 2, 2],
    [`raw/${day}/good.json.lz4`, 1, 1],
    [`raw/${day}/good.json.zst`, 2, 2],
  ]);
});

describe('a day that lacks an object', () => {
  const day = '2026-05-10';
  const cut = `raw/${day}/cut.json.zst`;
  const whole = zstd(lines(payment(day, 'second1')), lines(payment(day, 'second2')));
  const note = new RegExp(
    `^events: 1 bad object quarantined: ${cut} \\(truncated .*\\)\\. Upload them again; the next nightly run includes them, or npx daybook run --day ${day}$`,
  );

  const status = async () => {
    const report = openLedgerReport(project.app.clickhouse, project.name);
    const [line] = await reportDays(project.app, report, { days: [day], running: { days: [], message: '' } });
    if (!line) throw new Error('no report');
    return { line, detail: await detailDay(project.app, report, line, true) };
  };

  test('says so in its result, its status and its accounts, also in later runs', async () => {
    await project.configure({ start: day }, { onBadObject: 'quarantine' });
    await project.put(keyOf(day, 'first'), lines(payment(day, 'first')));
    await project.put(cut, whole.subarray(0, -1));
    expect(await project.run(day)).toMatchObject({ outcome: 'published', notes: [expect.stringMatching(note)] });
    expect(await project.run(day)).toMatchObject({ outcome: 'unchanged', notes: [expect.stringMatching(note)] });

    const { line, detail } = await status();
    expect(line).toMatchObject({
      state: 'published',
      quarantined: [
        { source: 'events', folder: day, object: cut, reason: expect.stringMatching(/^truncated/) as string },
      ],
    });
    expect(detail.accounts).toMatchObject({
      balanced: true,
      folders: [
        {
          objects: [
            { object: cut, lines: 0, rows: 0, quarantined: line.quarantined[0]?.reason },
            { object: keyOf(day, 'first'), lines: 1, rows: 1, quarantined: '' },
          ],
        },
      ],
    });
    const text = detailText(project.name, 'UTC', detail);
    expect(text).toContain('Quarantined: 1 bad object, whose rows the day lacks.');
    expect(text).toMatch(new RegExp(`^ {2}${cut} +0 +0 +0 +0 +0 {2}quarantined$`, 'm'));
    const range = { shown: [day], gaps: [], earlier: 0, missing: undefined };
    expect(overviewText({ project: project.name, zone: 'UTC', normalized: ['events'], range, days: [line] })).toContain(
      'without 1 quarantined object',
    );
  });

  test('is not published again for a source that allows no bad objects: the run fails by name', async () => {
    await project.configure({}, { onBadObject: 'fail' });
    const before = await project.state(day);
    const { message, step, type } = await project.fail(day, true);
    expect({ step, type }).toEqual({ step: 'load', type: 'DayFailed' });
    expect(message).toContain(`${cut} was quarantined when its chunk was normalized, but onBadObject is 'fail' now`);
    expect(await project.state(day)).toEqual(before);
  });

  test('is completed by the next nightly run once the object is uploaded again', async () => {
    await project.put(cut, whole);
    const { days } = await project.night(day);
    expect(days).toMatchObject([{ day, outcome: 'published' }]);
    expect(await idsOf(day)).toEqual(['first', 'second1', 'second2']);
    expect((await status()).line.quarantined).toEqual([]);
    expect(await project.run(day)).toMatchObject({ outcome: 'unchanged', notes: [] });
  });
});

test('a day whose objects are all bad is published empty if the source allows both, and says what it lacks', async () => {
  const day = '2026-05-03';
  await project.configure({}, { ...together, onBadObject: 'quarantine', onEmpty: 'publish' });
  await project.put(`raw/${day}/a.json.gz`, 'no gzip');
  await project.put(keyOf(day, 'b'), `[${payment(day, 'b')}]`);
  expect(await project.run(day)).toMatchObject({
    outcome: 'published',
    normalized: { lines: 0, quarantined: 2 },
    notes: [expect.stringContaining('2 bad objects quarantined')],
  });
  expect(await manifest(day)).toMatchObject({ parquet: '', rowsByDay: {}, quarantined: [{}, {}] });
  expect(await idsOf(day)).toEqual([]);
});

test('a folder without a readable object counts as empty: onEmpty fails the day, keeps it or empties it', async () => {
  const day = '2026-05-06';
  const object = `raw/${day}/a.json.gz`;
  await project.configure({}, { onBadObject: 'quarantine', onEmpty: 'skip' });
  await project.put(object, 'no gzip');
  const nothing = await project.fail(day);
  expect(nothing.message).toContain(`events: none of the 1 objects in folder ${day} could be read, first ${object}: `);
  await project.put(object, gzipSync(lines(payment(day, 'a'))));
  await project.run(day);
  const before = await project.state(day);

  await project.put(object, 'no gzip again');
  await project.configure({}, { onBadObject: 'quarantine' });
  const failed = await project.fail(day);
  expect(failed).toMatchObject({ step: 'load', message: expect.stringContaining("onEmpty is 'fail'") as string });
  expect(await project.state(day)).toEqual(before);

  await project.configure({}, { onBadObject: 'quarantine', onEmpty: 'skip' });
  expect(await project.run(day)).toMatchObject({
    outcome: 'unchanged',
    notes: [expect.stringContaining('1 bad object quarantined')],
  });
  expect(await project.state(day)).toEqual(before);

  await project.configure({}, { onBadObject: 'quarantine', onEmpty: 'publish' });
  expect(await project.run(day)).toMatchObject({ outcome: 'published' });
  expect(await idsOf(day)).toEqual([]);
});

test('an archived object is a bad object by name, and alone; credentials are not blamed for it', async () => {
  const day = '2026-05-12';
  await project.configure({}, { ...together, onBadObject: 'quarantine' });
  await project.put(keyOf(day, 'good'), lines(payment(day, 'good')));
  await project.put(keyOf(day, 'cold'), lines(payment(day, 'cold')));
  const { env, store } = project.app;
  // No store of this machine has archives: a GET of that object is answered as Amazon does.
  const proxy = await openProxy(env.s3.endpoint ?? '');
  const body = Buffer.from(
    '<?xml version="1.0"?><Error><Code>InvalidObjectState</Code><Message>The operation is not valid for the object\'s storage class</Message><StorageClass>GLACIER</StorageClass></Error>',
  );
  proxy.intercept((passage) => {
    if (passage.asked.method !== 'GET' || !passage.asked.url.pathname.endsWith('/cold.json')) return undefined;
    passage.answer({ status: 403, headers: { 'content-type': 'application/xml' }, body });
    return Promise.resolve();
  });
  const archiving: Dependencies['store'] = {
    ...store,
    engine: { ...store.engine, bucketUrl: (bucket) => `${proxy.url}/${bucket}/` },
  };
  try {
    const { build } = await project.attempt().list({ day, force: false });
    expect(await project.attempt({ world: { store: archiving } }).normalize({ build, chunk: 0 })).toMatchObject({
      rows: 1,
      quarantined: 1,
    });
    expect((await manifest(day)).quarantined).toEqual([
      { object: keyOf(day, 'cold'), reason: expect.stringContaining('it is archived') as string },
    ]);
  } finally {
    await proxy.close();
  }
});

describe('errors that are not the fault of an object', () => {
  test('a store that drops the connection while an object is read alone quarantines nothing: the step is retried', async () => {
    const day = '2026-05-04';
    await project.configure({}, { ...together, onBadObject: 'quarantine' });
    await project.put(keyOf(day, 'good'), lines(payment(day, 'good')));
    await project.put(`raw/${day}/bad.json.gz`, 'no gzip');
    const { build } = await project.attempt().list({ day, force: false });
    const { clickhouse, store } = project.app;
    const passing = (message: string) => Promise.reject(new Error(message));
    const unsteady: Dependencies['clickhouse'] = {
      ...clickhouse,
      rows: (statement, options) =>
        options?.what?.includes('read raw/') && options.what.includes('good')
          ? passing('ClickHouse says 499 (S3_ERROR): 503 Slow Down')
          : clickhouse.rows(statement, options),
    };
    const one = project.attempt({ world: { clickhouse: unsteady } }).normalize({ build, chunk: 0 });
    await expect(one).rejects.toThrow('503 Slow Down');
    await expect(one).rejects.not.toMatchObject({ nonRetryable: true });
    expect(await project.manifests(day)).toEqual(new Map());

    await project.put(`raw/${day}/slow.json.zst`, zstd(lines(payment(day, 'slow'))));
    const { build: other } = await project.attempt().list({ day, force: false });
    const broken: Dependencies['store'] = {
      ...store,
      async *stream(bucket, object, signal) {
        for await (const bytes of store.stream(bucket, object, signal)) {
          yield bytes.subarray(0, 5);
          throw new Error('ECONNRESET');
        }
      },
    };
    const two = project.attempt({ world: { store: broken } }).normalize({ build: other, chunk: 0 });
    await expect(two).rejects.toThrow('ECONNRESET');
    expect(await project.manifests(day)).toEqual(new Map());

    expect(await project.run(day)).toMatchObject({ outcome: 'published', normalized: { rows: 2, quarantined: 1 } });
    expect((await manifest(day)).quarantined).toMatchObject([{ object: `raw/${day}/bad.json.gz` }]);
  });

  test('lines that are not JSON are rejects, even if an object has no other lines', async () => {
    const day = '2026-05-05';
    await project.configure({}, { ...together, maxRejects: 100, onBadObject: 'quarantine' });
    const objects: Record<string, string> = {
      'one-bad-line': '{"id":"cut in the mid',
      text: 'id;amount\n1;2\n3;4\n',
      zeros: '\0'.repeat(64),
      number: '1\n2\n',
      'array-in-a-line': lines('[1]', payment(day, 'good')),
      'braces-in-a-text': lines('{"id":"a}{b"', payment(day, 'braces')),
      'broken-first-line': lines('[{"id":', payment(day, 'one'), payment(day, 'two')),
      unfit: lines('{"id":"unfit"}'),
    };
    for (const [name, body] of Object.entries(objects)) await project.put(keyOf(day, name), body);
    expect(await project.run(day)).toMatchObject({ normalized: { rows: 4, rejected: 11, quarantined: 0 }, notes: [] });
    expect(
      (await manifest(day)).accounts.map(({ object, rows, rejected }) => [object.slice(15, -5), rows, rejected]),
    ).toEqual([
      ['array-in-a-line', 1, 1],
      ['braces-in-a-text', 1, 1],
      ['broken-first-line', 2, 1],
      ['number', 0, 2],
      ['one-bad-line', 0, 1],
      ['text', 0, 3],
      ['unfit', 0, 1],
      ['zeros', 0, 1],
    ]);
  });
});

describe('fail', () => {
  test('names the object, what is wrong with it, and what to do', async () => {
    const day = '2026-05-02';
    await project.put(keyOf(day, 'good'), lines(payment(day, 'good')));
    await project.put(`raw/${day}/cut.json.zst`, zstd(lines(payment(day, 'lost')), 'x').subarray(0, -4));
    await project.configure({}, together);
    const { message, step } = await project.fail(day);
    expect(step).toBe('normalize');
    expect(message).toMatch(
      /events: raw\/2026-05-02\/cut\.json\.zst: truncated after \d+ bytes, inside its only frame/,
    );
    expect(message).toContain("to publish the day without it, set onBadObject to 'quarantine'");
    expect(await project.manifests(day)).toEqual(new Map());
    expect(await idsOf(day)).toEqual([]);
  });
});
