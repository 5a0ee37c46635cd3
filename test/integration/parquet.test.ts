// Over 300 lines: all that a Parquet object may hold, on one project.
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { objectTable } from '../../src/clickhouse/object-table.js';
import { engineBucket } from '../../src/step/engine-bucket.js';
import { pythonTools, pythonVersion } from '../clients/python.js';
import { openDays, type DayProject } from '../support/day.js';
import { READINGS, READINGS_CONFIG } from '../support/readings.js';

const version = await pythonVersion();
if (!version) console.warn('SKIPPED: files written by pyarrow need python3, 3.10 or newer.');

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), READINGS, READINGS_CONFIG, { worker: false });
});
afterAll(() => project.close());

/** Writes an object as the engine writes Parquet. */
async function write(key: string, structure: string, select: string, settings = {}): Promise<void> {
  const { store, clickhouse } = project.app;
  const bucket = await engineBucket({ store }, project.bucket);
  const { sql, params } = objectTable(bucket, [key], 'Parquet', structure, 'raw');
  await clickhouse.run({ sql: `INSERT INTO FUNCTION ${sql} ${select}`, params, settings });
}

/** Forced, so that a folder may be filled again. */
const publish = (day: string) => project.publish(day, { force: true });

const failure = (day: string): Promise<string> =>
  project.build(day, { force: true }).then(
    () => 'the build did not fail',
    (error: unknown) => (error as Error).message,
  );

/** What became of each object's lines: lines, rows, rejected, skipped, blank. */
async function accounts(day: string): Promise<Record<string, number[]>> {
  const found = [...(await project.manifests(day)).values()].flatMap((manifest) => manifest.accounts);
  const name = (object: string) => object.slice(`raw/${day}/`.length).replace('.parquet', '');
  return Object.fromEntries(
    found.map((one) => [name(one.object), [one.lines, one.rows, one.rejected, one.skipped, one.blank]]),
  );
}

/** Rejects of a folder as `object:line`, reason and text. */
async function rejects(day: string): Promise<Record<string, [reason: string, text: string]>> {
  const rows = await project.rows<{ where: string; reason: string; text: string }>(
    `SELECT concat(replaceAll(object, {folder:String}, ''), ':', toString(line)) AS where, any(reason) AS reason, any(text) AS text
     FROM daybook.rejected_rows WHERE project = {project:String} AND day = {day:Date} GROUP BY where ORDER BY where`,
    { project: project.name, day, folder: `raw/${day}/` },
  );
  return Object.fromEntries(rows.map(({ where, reason, text }) => [where.replace('.parquet', ''), [reason, text]]));
}

const SHORT = 'id String, ts DateTime64(3, \'UTC\'), amount Decimal(10, 2)'; // prettier-ignore
const shortRows = (day: string, count: number) =>
  `SELECT toString(number) AS id, toDateTime64('${day} 12:00:00', 3, 'UTC') AS ts, toDecimal64(number, 2) AS amount FROM numbers(${count})`;

describe('files written by the engine', () => {
  test('every codec, in one chunk, with more rows than a row group holds: each row once, numbered from 1', async () => {
    const day = '2026-10-01';
    const codecs = ['none', 'snappy', 'gzip', 'zstd', 'lz4', 'brotli'];
    for (const codec of codecs)
      await write(`raw/${day}/${codec}.parquet`, SHORT, shortRows(day, 900), {
        output_format_parquet_compression_method: codec,
        output_format_parquet_row_group_size: 400,
      });
    await publish(day);
    expect(await accounts(day)).toEqual(Object.fromEntries(codecs.map((codec) => [codec, [900, 900, 0, 0, 0]])));
    const [whole] = await project.rows(
      `SELECT count() AS rows, uniqExact(_object) AS objects, countIf(toUInt64(id) + 1 = _line AND amount = toDecimal64(id, 2)) AS right
       FROM events WHERE day = {day:Date}`,
      { day },
    );
    expect(whole).toEqual({ rows: '5400', objects: '6', right: '5400' });
  });

  test('a reject has its row number and its row as JSON; lines of every fate balance', async () => {
    const day = '2026-10-02';
    await write(
      `raw/${day}/mixed.parquet`,
      "id Nullable(String), ts DateTime64(3, 'UTC'), amount Float64, extra UInt8",
      `SELECT c1, toDateTime64(c2, 3, 'UTC'), c3, 7 FROM values(
         ('good', '${day} 12:00:00', 1.5), ('skip me', '${day} 12:00:00', 1), (NULL, '${day} 12:00:00', 1),
         ('digits', '${day} 12:00:00', 1.005), ('much', '${day} 12:00:00', 1000), ('early', '2020-01-01 12:00:00', 1))`,
    );
    await publish(day);
    expect(await accounts(day)).toEqual({ mixed: [6, 1, 4, 1, 0] });
    expect(await rejects(day)).toEqual({
      'mixed:3': ['id: missing, expected String', `{"ts":"${day}T12:00:00.000Z","id":null,"amount":1}`],
      'mixed:4': [
        "amount: '1.005' does not fit Decimal(10, 2)",
        `{"ts":"${day}T12:00:00.000Z","id":"digits","amount":1.005}`,
      ],
      'mixed:5': ['not_too_much', `{"ts":"${day}T12:00:00.000Z","id":"much","amount":1000}`],
      'mixed:6': [
        `day 2020-01-01 is outside of what folder ${day} may hold: ${day} to ${day}`,
        '{"ts":"2020-01-01T12:00:00.000Z","id":"early","amount":1}',
      ],
    });
  });

  test('an object without rows is read as such, alone or beside others', async () => {
    const [alone, beside] = ['2026-10-03', '2026-10-04'];
    await write(`raw/${alone}/empty.parquet`, SHORT, shortRows(alone, 0), { engine_file_empty_if_not_exists: 1 });
    await write(`raw/${beside}/empty.parquet`, SHORT, shortRows(beside, 0));
    await write(`raw/${beside}/two.parquet`, SHORT, shortRows(beside, 2));
    await publish(alone);
    await publish(beside);
    expect(await accounts(alone)).toEqual({ empty: [0, 0, 0, 0, 0] });
    expect(await accounts(beside)).toEqual({ empty: [0, 0, 0, 0, 0], two: [2, 2, 0, 0, 0] });
  });
});

/** The bytes of an object. */
async function bytesOf(key: string): Promise<Buffer> {
  const { store, clickhouse } = project.app;
  const bucket = await engineBucket({ store }, project.bucket);
  const { sql, params } = objectTable(bucket, [key], 'Parquet', 'auto', 'raw');
  const raw = sql.replace("'Parquet'", "'RawBLOB'").replace('{raw_structure:String}', "'blob String'");
  const [row] = await clickhouse.rows<{ bytes: string }>({
    sql: `SELECT base64Encode(blob) AS bytes FROM ${raw}`,
    params,
  });
  return Buffer.from(row?.bytes ?? '', 'base64');
}

describe('damage', () => {
  const whole = async (day: string) => {
    await write(`raw/${day}/whole.parquet`, SHORT, shortRows(day, 500));
    return bytesOf(`raw/${day}/whole.parquet`);
  };
  test.each<[what: string, day: string, spoil: (bytes: Buffer) => Buffer]>([
    ['cut off', '2026-10-11', (bytes) => bytes.subarray(0, bytes.length - 20)],
    ['no Parquet at all', '2026-10-12', () => Buffer.from('{"id":"a"}\n')],
    ['shorter than a footer', '2026-10-13', () => Buffer.from('PAR1')],
    ['encrypted', '2026-10-14', (bytes) => Buffer.concat([bytes.subarray(0, -4), Buffer.from('PARE')])],
    ['a flipped byte in its pages', '2026-10-15', (bytes) => flipped(bytes, 200)],
    ['a flipped byte in its footer', '2026-10-16', (bytes) => flipped(bytes, bytes.length - 7)],
  ])('an object that is %s fails the day by name, whatever else is in the folder', async (_what, day, spoil) => {
    const bytes = await whole(day);
    await project.put(`raw/${day}/broken.parquet`, spoil(bytes));
    const message = await failure(day);
    expect(message).toContain(`raw/${day}/broken.parquet`);
    expect(await project.manifests(day)).toEqual(new Map());
  });
});

test.each([
  ['2026-10-17', 'short', 'long'],
  ['2026-10-18', 'long', 'short'],
])('%s: texts of a fixed length are read whole, whichever length is looked at first', async (day, first, second) => {
  const one = (name: string) => {
    const [pieces, tag] = name === 'long' ? ["'255', 3", "'abcd', 4"] : ["'7', 1", "'xy', 2"];
    const select = `SELECT '${name}' AS id, toDateTime64('${day} 12:00:00', 3, 'UTC') AS ts, toDecimal64(1, 2) AS amount,
      toFixedString(${pieces}) AS pieces, [toFixedString(${tag})] AS tags`;
    return write(`raw/${day}/${name === first ? 'a' : 'b'}.parquet`, 'auto', select);
  };
  await one(first);
  await one(second);
  await publish(day);
  expect(await rejects(day)).toEqual({});
  const rows = await project.rows('SELECT id, pieces, tags FROM events WHERE day = {day:Date} ORDER BY id', { day });
  expect(rows).toEqual([
    { id: 'long', pieces: 255, tags: ['abcd'] },
    { id: 'short', pieces: 7, tags: ['xy'] },
  ]);
});

describe('keys that are patterns', () => {
  test('are described and read by their exact names, and never what they match', async () => {
    const day = '2026-10-20';
    const named = ['part-{1}', 'part-?', 'part-*', 'a,b'];
    for (const name of [...named, 'part-1', 'part-x']) {
      // Describing a matching object instead would find an amount that is text.
      const amount = name.startsWith('part-') && !named.includes(name) ? "'1.50'" : 'toDecimal64(1.5, 2)';
      await write(
        'tmp/one.parquet',
        'auto',
        `SELECT '${name}' AS id, toDateTime64('${day} 12:00:00', 3, 'UTC') AS ts, ${amount} AS amount`,
        {
          s3_truncate_on_insert: 1,
        },
      );
      const { store } = project.app;
      await store.copy(
        { bucket: project.bucket, key: 'tmp/one.parquet' },
        { bucket: project.bucket, key: `raw/${day}/${name}.parquet` },
      );
    }
    for (const maxObjects of [500, 1]) {
      await project.configure({}, { chunk: { maxObjects } });
      await publish(day);
      expect(
        await project.rows('SELECT _object, id, amount FROM events WHERE day = {day:Date} ORDER BY id', { day }),
      ).toEqual(
        ['a,b', 'part-*', 'part-1', 'part-?', 'part-x', 'part-{1}'].map((id) => ({
          _object: `raw/${day}/${id}.parquet`,
          id,
          amount: 1.5,
        })),
      );
    }
    const left = await project.app.store.list(project.bucket, 'daybook/');
    expect(left.filter(({ key }) => key.includes('described'))).toEqual([]);
    await project.configure({});
  });

  test('are read from the plan alone: the folder may be edited while a day is built', async () => {
    const day = '2026-10-22';
    await write('tmp/planned.parquet', SHORT, shortRows(day, 3));
    const { store } = project.app;
    const from = { bucket: project.bucket, key: 'tmp/planned.parquet' };
    await store.copy(from, { bucket: project.bucket, key: `raw/${day}/part-{1}.parquet` });
    const { build } = await project.attempt().list({ day, force: false });
    const world = { loadProject: () => Promise.reject(new Error('the folder was opened')) };
    expect(await project.attempt({ world }).normalize({ build, chunk: 0 })).toMatchObject({ rows: 3 });
  });
});

test('quarantine: a day is published without objects that are not Parquet or never fit, each reported with its reason', async () => {
  const day = '2026-10-21';
  await project.configure({}, { onBadObject: 'quarantine' });
  await write(`raw/${day}/whole.parquet`, SHORT, shortRows(day, 500));
  await write(`raw/${day}/misfit.parquet`, 'id String, ts Array(String), amount UInt8', `SELECT 'a', ['b'], 1`);
  await write(`raw/${day}/other.parquet`, 'all UInt8', 'SELECT 1');
  const bytes = await bytesOf(`raw/${day}/whole.parquet`);
  await project.put(`raw/${day}/cut.parquet`, bytes.subarray(0, -20));
  await project.put(`raw/${day}/flipped.parquet`, flipped(bytes, 200));
  await project.put(`raw/${day}/encrypted.parquet`, Buffer.concat([bytes.subarray(0, -4), Buffer.from('PARE')]));
  await project.put(`raw/${day}/lines.parquet`, '{"id":"a"}\n');
  await publish(day);
  const [manifest] = [...(await project.manifests(day)).values()];
  const reasons = Object.fromEntries(
    (manifest?.quarantined ?? []).map(({ object, reason }) => [object.slice(`raw/${day}/`.length), reason]),
  );
  expect(reasons).toEqual({
    'cut.parquet': expect.stringMatching(/^ClickHouse says/) as string,
    'encrypted.parquet': expect.stringMatching(/^ClickHouse says/) as string,
    'flipped.parquet': expect.stringMatching(/CRC/) as string,
    'lines.parquet': expect.stringMatching(/^ClickHouse says/) as string,
    'misfit.parquet': expect.stringMatching(/^column ts is Array/) as string,
    'other.parquet': "found none of the contract's columns, but all",
  });
  expect((await accounts(day))['whole']).toEqual([500, 500, 0, 0, 0]);
  expect(await project.rows('SELECT count() AS rows FROM events WHERE day = {day:Date}', { day })).toEqual([
    { rows: '500' },
  ]);
  await project.configure({});
});

const flipped = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0xff;
  return copy;
};

describe.skipIf(!version)('files written by pyarrow', () => {
  const day = '2026-09-01';
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'daybook-pyarrow-'));
    const tools = await pythonTools(version ?? '', 'parquet-requirements.txt');
    const python = (script: string, to: string) =>
      execa(join(tools, 'python'), [fileURLToPath(new URL(`../clients/${script}`, import.meta.url)), to]);
    await python('parquet.py', folder);
    await mkdir(join(folder, 'old'));
    await python('old_parquet.py', join(folder, 'old', 'layouts.parquet'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** Stores files of a kind as the folder of a day; answers their names without ending. */
  async function deliver(kind: string, only: string[] = []): Promise<string[]> {
    const { store } = project.app;
    const before = (await store.list(project.bucket, `raw/${day}/`)).map(({ key }) => key);
    if (before.length > 0) await store.remove(project.bucket, before);
    const files = (await readdir(join(folder, kind))).sort();
    const wanted = files.filter((file) => only.length === 0 || only.includes(file.replace('.parquet', '')));
    for (const file of wanted) await project.put(`raw/${day}/${file}`, await readFile(join(folder, kind, file)));
    return wanted.map((file) => file.replace('.parquet', ''));
  }

  const rowsOf = () =>
    project.rows<Record<string, unknown> & { object: string }>(
      `SELECT * EXCEPT (day, _object, _line), replaceRegexpAll(_object, '^.*/|[.]parquet$', '') AS object
       FROM events WHERE day = {day:Date} ORDER BY _object, _line`,
      { day },
    );

  const FULL = {
    id: 'full',
    ts: '2026-09-01 12:00:00.000',
    amount: 19.99,
    pieces: 255,
    ratio: 0.1,
    since: '1925-02-28',
    paid: true,
    device: { os: 'iOS', version: 18 },
    tags: ['a', 'ü'],
    prices: { net: 12345678901234568 }, // as the client reads a number; its digits are looked at apart
    moments: ['2026-09-01 14:00:00.000'],
  };
  const BARE = {
    id: 'bare',
    ts: '2026-09-01 12:00:00.000',
    amount: -0.01,
    pieces: null,
    ratio: null,
    since: null,
    paid: null,
    device: { os: null, version: null },
    tags: [],
    prices: {},
    moments: [],
  };

  test.each(['alike', 'same'])(
    '%s: one row comes out of every codec, page version, encoding and type',
    async (kind) => {
      const names = await deliver(kind);
      await publish(day);
      expect(await rowsOf()).toEqual(
        names.flatMap((object) => [
          { ...FULL, object },
          { ...BARE, object },
        ]),
      );
      expect(await accounts(day)).toMatchObject(Object.fromEntries(names.map((name) => [name, [2, 2, 0, 0, 0]])));
      const [digits] = await project.rows(
        `SELECT DISTINCT toString(prices['net']) AS net FROM events WHERE day = {day:Date} AND id = 'full'`,
        { day },
      );
      expect(digits).toEqual({ net: '12345678901234567.89' });
    },
  );

  test('lists of two levels, repeated fields, maps with old names and INT96 before 1970 are read as what they are', async () => {
    await deliver('old');
    await publish(day);
    expect(await rejects(day)).toEqual({});
    const empty = { pieces: null, ratio: null, since: null, paid: null, device: BARE.device, object: 'layouts' };
    expect(await rowsOf()).toEqual([
      {
        ...{ ...FULL, ...empty, prices: { net: 123456789012345.67, gross: 0.05 } },
        moments: ['1970-01-01 00:59:59.000', '1900-01-01 01:00:00.500'],
      },
      { ...BARE, ...empty },
    ]);
  });

  test('a file without rows, or without row groups, has no lines', async () => {
    await deliver('empty');
    await publish(day);
    expect(await accounts(day)).toMatchObject({ 'no-row-groups': [0, 0, 0, 0, 0], 'no-rows': [0, 0, 0, 0, 0] });
    expect(await rowsOf()).toEqual([]);
  });

  test('columns that drift become NULL if the contract allows it, otherwise their rows are rejected by name', async () => {
    await deliver('other');
    await publish(day);
    const found = await rejects(day);
    expect(Object.fromEntries(Object.entries(found).map(([where, [reason]]) => [where, reason])))
      .toMatchInlineSnapshot(`
      {
        "digits:1": "amount: '1.005' does not fit Decimal(10, 2)",
        "exact-floats:2": "ratio: '9007199254740993' does not fit Nullable(Float64)",
        "far:1": "ts: '4611686018427387904 microseconds since 1970' does not fit DateTime64(3, 'UTC'); moments[0]: '-4611686018427387904 microseconds since 1970' does not fit DateTime64(3, 'Europe/Berlin')",
        "microseconds:1": "ts: '2026-09-01 12:00:00.000001' does not fit DateTime64(3, 'UTC'): digits would be lost, DateTime64(6) holds them",
        "null-tag:1": "tags[1]: missing, expected String",
        "range:1": "pieces: '256' does not fit Nullable(UInt8)",
        "range:2": "pieces: '-1' does not fit Nullable(UInt8)",
        "required-missing:1": "amount: no such column in the file, expected Decimal(10, 2)",
        "required-missing:2": "amount: no such column in the file, expected Decimal(10, 2)",
        "required-null:2": "amount: missing, expected Decimal(10, 2)",
        "words:1": "pieces: 'many' does not fit Nullable(UInt8)",
        "years:1": "since: '9999-12-31' does not fit Nullable(Date32)",
        "years:2": "since: '1850-01-01' does not fit Nullable(Date32)",
      }
    `);
    expect(found['required-missing:1']?.[1]).toContain('"pieces":255');
    expect(found['far:1']?.[1]).toContain('"ts":"4611686018427387904 microseconds since 1970"');
    const rows = await rowsOf();
    expect(rows.filter(({ object }) => object.startsWith('optional'))).toEqual(
      ['optional-missing', 'optional-null'].flatMap((object) => [
        { ...FULL, pieces: null, tags: [], device: BARE.device, object },
        { ...BARE, object },
      ]),
    );
    const idsIn = (name: string) => rows.filter(({ object }) => object === name).map(({ id }) => id);
    expect(idsIn('id-of-number')).toEqual(['12', '13']);
    expect(idsIn('id-of-day')).toEqual(['9999-12-31', '1850-01-01']);
    expect(idsIn('id-of-moment')).toEqual(['9999-12-31 00:00:00.000000', '0001-01-01 00:00:00.000000']);
    expect(rows.find(({ object }) => object === 'keys-of-number')).toMatchObject({ prices: { '-7': 0.1 } });
    expect(rows.filter(({ object }) => object === 'exact-floats')).toMatchObject([{ ratio: 2 ** 53 }]);
  });

  test.each([
    ['list', 'column amount is Array(Nullable(Int64)), which never fits the contract\'s Decimal(10, 2)'],
    ['number', "column ts is Nullable(Int64), which never fits the contract's DateTime64(3, 'UTC')"],
    ['clock', "column ts is a time of day, which never fits the contract's DateTime64(3, 'UTC')"],
    ['text-for-list', "column tags is Nullable(String), which never fits the contract's Array(String)"],
    ['none', "found none of the contract's columns, but all"],
  ])('a type that can never fit fails the day by object and column: %s', async (name, message) => {
    await deliver('never', [name]);
    expect(await failure(day)).toContain(`raw/${day}/${name}.parquet: ${message}`);
  }); // prettier-ignore
});
