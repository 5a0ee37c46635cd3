import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import example from '../../daybook.config.js';
import type { Trace } from '../../src/cli/trace/rows.js';
import { demoObjects, demoTotals } from '../../src/local/demo/generate.js';
import { normalizedFolder } from '../../src/shared/names.js';
import { daybook, environment } from '../support/command.js';
import { openDays, type DayProject } from '../support/day.js';
import { sqlFilesOf } from '../support/project.js';

const DAY = '2026-11-07';
let shop: DayProject;
/** Lines of the raw objects of events, by key. */
const raw = new Map<string, string[]>();

beforeAll(async () => {
  const files = await sqlFilesOf(fileURLToPath(new URL('../..', import.meta.url)));
  shop = await openDays(inject('stack'), files, { ...example, start: DAY, database: 'unused' });
  for (const { key, body, act } of await demoObjects()) {
    if (act === 2) continue;
    await shop.put(key, body);
    if (key.endsWith('.json.gz')) raw.set(key, gunzipSync(body).toString().split('\n'));
  }
  await shop.run(DAY);
});
afterAll(() => shop.close());

const run = (...args: string[]) =>
  daybook(['trace', '--day', DAY, '--project', shop.app.project.dir, ...args], environment(inject('stack'), {}));
const traced = async (...args: string[]) => JSON.parse((await run(...args, '--output', 'json')).stdout) as Trace;

test('a row of a normalized table is traced to its raw line in its object', async () => {
  const found = await traced('--table', 'events', '--where', "type = 'purchase'", '--limit', '3');
  expect(found.rows).toHaveLength(3);
  expect(found.lines).toHaveLength(3);
  for (const { object, line, text } of found.lines) {
    expect(text).toBe(raw.get(object)?.[line - 1]);
    expect(text).toContain('"purchase"');
  }
  const ids = (texts: unknown[]) => texts.map((text) => /"event_id":"([^"]+)"/.exec(String(text))?.[1]).sort();
  expect(ids(found.lines.map(({ text }) => text))).toEqual(
    ids(found.rows.map((row) => JSON.stringify({ event_id: row['event_id'] }))),
  );
});

test('a row from Parquet is traced to the row in its object, as JSON', async () => {
  const found = await traced('--table', 'orders', '--where', "status = 'refused'", '--limit', '1');
  const [line] = found.lines;
  expect(line?.object).toMatch(/^raw\/orders\/.*\.parquet$/);
  expect(JSON.parse(line?.text ?? '')).toMatchObject({
    order_id: found.rows[0]?.['order_id'],
    status: 'refused',
  });
});

test('a table that does not keep where its rows came from is traced through its normalized chunks', async () => {
  const found = await traced('--table', 'returns', '--where', "return_id = 'r-2'");
  expect(found.lines).toMatchObject([{ object: `raw/returns/dt=${DAY}/returns-00.json`, line: 2 }]);
  expect(found.lines[0]?.text).toContain('"return_id":"r-2"');
});

test('if several rows match, exactly those that are shown are traced', async () => {
  const own = await traced('--table', 'returns', '--limit', '1');
  expect(own.rows).toHaveLength(1);
  expect(own.lines.map(({ text }) => text?.includes(`"return_id":"${String(own.rows[0]?.['return_id'])}"`))).toEqual([
    true,
  ]);
  const model = await traced('--table', 'daily_sales', '--limit', '1');
  const country = String(model.rows[0]?.['country']);
  const [{ count } = { count: 0 }] = await shop.rows<{ count: number }>(
    'SELECT toUInt32(count()) AS count FROM events WHERE day = {day:Date} AND country = {country:String}',
    { day: DAY, country },
  );
  expect(model.inputs).toMatchObject([{ table: 'events', by: ['country'], rows: count }]);
});

test('a row of a model is traced to the rows with its values, and to their objects, with counts', async () => {
  const found = await traced('--table', 'daily_sales', '--where', "country = 'AT'");
  const [input, ...others] = found.inputs;
  expect(others).toEqual([]);
  expect(input).toMatchObject({ table: 'events', by: ['country'], days: 1 });
  const objects = await shop.rows<{ object: string; rows: number }>(
    `SELECT _object AS object, toUInt32(count()) AS rows FROM events WHERE day = {day:Date} AND country = 'AT'
     GROUP BY object ORDER BY rows DESC, object`,
    { day: DAY },
  );
  expect(input?.objects).toEqual(objects);
  expect(input?.lines.every(({ text }) => /"country":" ?(AT|at)/.test(text ?? ''))).toBe(true);
});

test('a model over models says where to look further; one that looks back counts all its days', async () => {
  const { stdout } = await run('--table', 'daily_summary');
  expect(stdout).toContain(`further: npx daybook trace --day ${DAY} --table daily_sales --where`);
  const weekly = await traced('--table', 'weekly_buyers');
  expect(weekly.inputs).toMatchObject([{ table: 'events', by: [], days: 7, rows: demoTotals(1).days[DAY]?.rows }]);
});

test('an object that was rewritten since is not quoted as if it was read', async () => {
  const object = `raw/returns/dt=${DAY}/returns-00.json`;
  await shop.put(object, '{"return_id":"another"}\n');
  const found = await traced('--table', 'returns', '--where', "return_id = 'r-1'");
  expect(found.lines).toEqual([{ object, line: 1, gone: 'the object was rewritten since it was read' }]);
});

test('what cannot be traced is reported, with what is known', async () => {
  const unknown = await run('--table', 'nothing');
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toMatch(/has no table 'nothing'\. Its tables: events, orders, returns, daily_funnel/);
  const none = await run('--table', 'events', '--where', "country = 'XX'");
  expect(none.code).toBe(1);
  expect(none.stderr).toContain(`No row of events on ${DAY} matches country = 'XX'`);
  const wrong = await run('--table', 'events', '--where', 'nonsense = 1');
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toMatch(/nonsense/);
});

test('a row whose origin is not kept, and whose chunks have expired, says how to keep it', async () => {
  const { store, project } = shop.app;
  const chunks = await store.list(
    shop.bucket,
    normalizedFolder(project.config.store.normalized, shop.name, 'returns', DAY),
  );
  await store.remove(
    shop.bucket,
    chunks.map(({ key }) => key),
  );
  const { code, stderr } = await run('--table', 'returns', '--where', "return_id = 'r-2'");
  expect(code).toBe(1);
  expect(stderr).toMatch(
    new RegExp(
      `its normalized chunks of ${DAY} have expired\\. Build the day again: npx daybook run --day ${DAY} --force.*\\. ` +
        'To keep the origin of rows for good, first add _object String and _line UInt64 to the CREATE TABLE in sql/normalized/returns\\.sql and run npx daybook apply',
    ),
  );
});
