import { EventEmitter, once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { objectTable } from '../../src/clickhouse/object-table.js';
import { parquetKey } from '../../src/shared/names.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import { engineBucket } from '../../src/step/engine-bucket.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, paymentIds, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG, { worker: false });
});
afterAll(() => project.close());
afterEach(() => project.configure({}));

const zone = async (day: string) =>
  (await project.app.store.list(project.bucket, `daybook/${project.name}/events/${day}/`)).map(({ key }) => key);

/** Stores lines as the engine compresses them, by the key's extension. */
async function putCompressed(key: string, texts: readonly string[]): Promise<void> {
  const { store, clickhouse } = project.app;
  const { sql, params } = objectTable(
    await engineBucket({ store }, project.bucket),
    [key],
    'LineAsString',
    'line String',
    'raw',
  );
  await clickhouse.run({
    sql: `INSERT INTO FUNCTION ${sql} SELECT arrayJoin({texts:Array(String)})`,
    params: { ...params, texts },
  });
}

const idsOf = (day: string) => paymentIds(project, day);

/** What became of each object's lines: lines, rows, rejected, skipped, blank. */
async function accounts(day: string): Promise<Record<string, number[]>> {
  const found = [...(await project.manifests(day)).values()].flatMap((manifest) => manifest.accounts);
  const prefix = `raw/${day}/`;
  return Object.fromEntries(
    found.map((one) => [one.object.slice(prefix.length), [one.lines, one.rows, one.rejected, one.skipped, one.blank]]),
  );
}

async function publish(day: string): Promise<void> {
  await project.attempt().publish(await project.build(day));
}

test('one folder may hold plain, gzip and zstd objects with any line ends, and every line is counted', async () => {
  const day = '2026-06-01';
  const one = (id: string, fields = {}) => payment(day, id, fields);
  await project.configure({}, { chunk: { maxObjects: 500 }, maxRejects: 10 });
  const objects: Record<string, string | Uint8Array> = {
    'plain.json': lines(one('plain1'), one('plain2')),
    'no-newline.json': `${one('open1')}\n${one('open2')}`,
    'crlf.json': `${one('crlf1')}\r\n\r\n${one('crlf2')}\r\n`,
    'bom.json': `\uFEFF${one('bom1')}\n${one('bom2')}\n`,
    'blank.json': `\n\n  \t\n${one('blank1')}\n\n`,
    'only-blank.json': '\n\n',
    'bad.json': lines(one('bad1'), '{"id":', one('skipped', { note: 'skip me' }), '[1]', 'null', one('bad1')),
    'gzip.json.gz': gzipSync(lines(one('gzip1'), one('gzip2'))),
    'members.json.gz': Buffer.concat([gzipSync(lines(one('member1'))), gzipSync(lines(one('member2')))]),
    'no-data.json.gz': gzipSync(''),
    'sub/folder/deep.json': lines(one('deep1')),
    // None of these is data.
    'zero.json': new Uint8Array(0),
    _SUCCESS: 'done',
    '.hidden.json': lines(one('hidden')),
    '_temporary/part.json': lines(one('temporary')),
    'sub/.part.json': lines(one('part')),
  };
  for (const [name, body] of Object.entries(objects)) await project.put(`raw/${day}/${name}`, body);
  await putCompressed(`raw/${day}/zstd.json.zst`, [one('zstd1'), one('zstd2')]);
  await publish(day);

  expect(await accounts(day)).toEqual({
    'plain.json': [2, 2, 0, 0, 0],
    'no-newline.json': [2, 2, 0, 0, 0],
    'crlf.json': [3, 2, 0, 0, 1],
    'bom.json': [2, 2, 0, 0, 0],
    'blank.json': [5, 1, 0, 0, 4],
    'only-blank.json': [2, 0, 0, 0, 2],
    'bad.json': [6, 2, 3, 1, 0],
    'gzip.json.gz': [2, 2, 0, 0, 0],
    'members.json.gz': [2, 2, 0, 0, 0],
    'no-data.json.gz': [0, 0, 0, 0, 0],
    'sub/folder/deep.json': [1, 1, 0, 0, 0],
    'zstd.json.zst': [2, 2, 0, 0, 0],
  });
  expect(await idsOf(day)).toEqual(
    ['bad1', 'blank1', 'bom1', 'bom2', 'crlf1', 'crlf2', 'deep1', 'gzip1', 'gzip2', 'member1', 'member2'].concat([
      'open1',
      'open2',
      'plain1',
      'plain2',
      'zstd1',
      'zstd2',
    ]),
  );
  const [account] = await project.app.ledger.dayAccounts(day);
  expect(account).toMatchObject({ rows: 18, loaded: 17, duplicates: 1 });
  // A row is traced to the very line that it was made from.
  expect(
    await project.rows("SELECT _object, _line FROM events WHERE day = {day:Date} AND id = 'crlf2'", { day }),
  ).toEqual([{ _object: `raw/${day}/crlf.json`, _line: '3' }]);
});

test('a line of 50 MB is a line like any other: a complete row, or a reject with shortened text and its size', async () => {
  const day = '2026-06-12';
  const bytes = 50 * 1024 ** 2;
  const note = 'x'.repeat(bytes);
  await project.put(
    keyOf(day, 'a'),
    lines(payment(day, 'before'), payment(day, 'long', { note }), payment(day, 'after')),
  );
  await project.put(keyOf(day, 'b'), lines(payment(day, 'good'), `{"id": "cut", "note": "${note}`));
  await project.configure({}, { maxRejects: 1 });
  await publish(day);
  expect(
    await project.rows('SELECT id, toUInt32(length(note)) AS bytes FROM events WHERE day = {day:Date} ORDER BY id', {
      day,
    }),
  ).toEqual([
    { id: 'after', bytes: null },
    { id: 'before', bytes: null },
    { id: 'good', bytes: null },
    { id: 'long', bytes },
  ]);
  expect(await accounts(day)).toEqual({ 'a.json': [3, 3, 0, 0, 0], 'b.json': [2, 1, 1, 0, 0] });
  const [reject] = await project.rows(
    `SELECT toUInt32(length(text)) AS kept, toUInt32(text_bytes) AS bytes, line FROM daybook.rejected_rows
     WHERE project = {project:String} AND day = {day:Date}`,
    { project: project.name, day },
  );
  expect(reject).toEqual({ kept: 65_536, bytes: bytes + '{"id": "cut", "note": "'.length, line: '2' });
});

test('keys with spaces, punctuation and letters of any language are read, alone and together', async () => {
  for (const [day, maxObjects] of [
    ['2026-06-02', 500],
    ['2026-06-03', 1],
  ] as const) {
    await project.configure({}, { chunk: { maxObjects } });
    const names = [
      'a b',
      'a+b',
      'a%b',
      'a%20b',
      'a#b',
      'a&b=c',
      'größe',
      '日本',
      "it's",
      'a@b:c;d',
      'a(1)',
      'a[1]',
      'a~b',
      'a!b$',
    ];
    for (const name of names) await project.put(keyOf(day, name), lines(payment(day, name)));
    await publish(day);
    expect(await idsOf(day)).toEqual([...names].sort());
    expect(Object.keys(await accounts(day)).sort()).toEqual(names.map((name) => `${name}.json`).sort());
  }
});

test('keys that ClickHouse would read as patterns are read, alone and together, and never a key that they match', async () => {
  for (const [day, maxObjects] of [
    ['2026-06-04', 500],
    ['2026-06-10', 1],
  ] as const) {
    await project.configure({}, { chunk: { maxObjects } });
    const patterns = [
      'a{1}z',
      'a{1..3}z',
      'a{b,c}z',
      'a*z',
      'a**z',
      'a?z',
      '??',
      'a,z',
      '{',
      '}',
      'a{}z',
      'x?versionId=1',
    ];
    const others = ['a\nz', 'a\tz', 'a"z', 'a`z', 'a\\z', "'); DROP TABLE events; --", '%2A', '%7B1%7D', '%00'];
    const matched = ['a1z', 'abz', 'acz', 'aaz', 'a**2z', 'zz', 'plain'];
    const names = [...patterns, ...others, ...matched];
    for (const name of names) await project.put(keyOf(day, name), lines(payment(day, name)));
    await publish(day);
    expect(await idsOf(day)).toEqual([...names].sort());
    expect(await accounts(day)).toEqual(Object.fromEntries(names.map((name) => [`${name}.json`, [1, 1, 0, 0, 0]])));
    const traced = await project.rows<{ id: string; _object: string }>(
      'SELECT id, _object FROM events WHERE day = {day:Date}',
      { day },
    );
    for (const { id, _object } of traced) expect(_object).toBe(keyOf(day, id));
  }
});

test.each([
  ['2026-06-05', 'cut off', gzipSync('x'.repeat(10_000)).subarray(0, 20)],
  ['2026-06-06', 'not gzip at all', '{"id":"a"}\n'],
])('%s: a .gz object that is %s fails the day by name', async (day, _, body) => {
  await project.put(`raw/${day}/broken.json.gz`, body);
  await expect(project.build(day)).rejects.toMatchObject({ type: 'BadObject' });
  await expect(project.build(day)).rejects.toThrow('broken.json.gz');
});

test('two attempts at one chunk: the first manifest wins, and the other attempt removes its Parquet', async () => {
  const day = '2026-06-07';
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a')));
  const { build } = await project.attempt().list({ day, force: false });
  let waiting = 0;
  const both = new EventEmitter();
  const { store } = project.app;
  // Both attempts have written their Parquet before either puts its manifest.
  const together: Dependencies['store'] = {
    ...store,
    write: async (bucket, key, body, options) => {
      if (++waiting === 2) both.emit('written');
      else await once(both, 'written');
      return await store.write(bucket, key, body, options);
    },
  };
  const results = await Promise.all(
    ['one', 'other'].map((activityId) =>
      project.attempt({ activityId, world: { store: together } }).normalize({ build, chunk: 0 }),
    ),
  );
  expect(results.map(({ rows, reused }) => [rows, reused])).toEqual([
    [1, false],
    [1, false],
  ]);
  const [[key, manifest] = []] = [...(await project.manifests(day))];
  expect((await zone(day)).sort()).toEqual([key, manifest?.parquet].sort());
  await publish(day);
  expect(await idsOf(day)).toEqual(['a']);
  expect(await project.app.ledger.dayAccounts(day)).toMatchObject([{ rows: 1, loaded: 1, duplicates: 0 }]);
});

test('a manifest that exists but is not in the ledger yet is reused', async () => {
  const day = '2026-06-08';
  await project.configure({}, { maxRejects: 1 });
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a'), 'no json'));
  const { build } = await project.attempt().list({ day, force: false });
  const { ledger } = project.app;
  const dying = project.attempt({
    world: { ledger: { ...ledger, recordChunk: () => Promise.reject(new Error('the worker died')) } },
  });
  await expect(dying.normalize({ build, chunk: 0 })).rejects.toThrow('the worker died');
  expect(await ledger.chunksOf('events', day, day)).toEqual([]);
  const before = await zone(day);

  expect(await project.attempt({ attempt: 2 }).normalize({ build, chunk: 0 })).toMatchObject({ rows: 1, reused: true });
  expect(await zone(day)).toEqual(before);
  const [chunk] = await ledger.chunksOf('events', day, day);
  const normalizer = [...(chunk?.rowsByDay.keys() ?? [])][0] ?? '';
  expect(before).toContain(
    parquetKey('daybook/', project.name, 'events', day, chunk?.id ?? '', normalizer, '000000000000-by-hand-1'),
  );
  const rejects = await ledger.rejectsOf('events', day, [{ id: chunk?.id ?? '', normalizer }], 10);
  expect(rejects).toMatchObject([{ line: 2, text: 'no json' }]);
});

test('a chunk is not recorded if one of its objects was rewritten while it was read', async () => {
  const day = '2026-06-09';
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a')));
  const { build } = await project.attempt().list({ day, force: false });
  await project.put(keyOf(day, 'a'), lines(payment(day, 'other')));
  await expect(project.attempt().normalize({ build, chunk: 0 })).rejects.toMatchObject({ type: 'ObjectChanged' });
  expect(await project.app.ledger.chunksOf('events', day, day)).toEqual([]);
  expect((await project.manifests(day)).size).toBe(0);
  await publish(day);
  expect(await idsOf(day)).toEqual(['other']);
});
