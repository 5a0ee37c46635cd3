import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { objectTable } from '../../src/clickhouse/object-table.js';
import { messageOf } from '../../src/errors.js';
import { engineBucket } from '../../src/step/engine-bucket.js';
import { environment, start } from '../support/command.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

const DAY = '2026-03-01';

let project: DayProject;
let secret: string;

beforeAll(async () => {
  const stack = inject('stack');
  secret = stack.s3.secretAccessKey;
  project = await openDays(stack, PAYMENTS, PAYMENTS_CONFIG);
});
afterAll(() => project.close());

const readTable = async (key: string) =>
  objectTable(await engineBucket(project.app, project.bucket), [key], 'LineAsString', '`line` String', 'raw');

const failing = async (run: () => Promise<unknown>): Promise<string> => {
  try {
    await run();
  } catch (thrown) {
    const texts: string[] = [];
    for (let one: unknown = thrown; one !== undefined; one = one instanceof Error ? one.cause : undefined)
      texts.push(messageOf(one), one instanceof Error ? (one.stack ?? '') : '', JSON.stringify(one));
    return texts.join('\n');
  }
  throw new Error('it had to fail');
};

/** Tables in which a server keeps what it was asked, as far as this engine has them. */
const KEEPING =
  `processes query_log query_thread_log query_views_log text_log errors tables views dictionaries settings session_log
  part_log query_cache schema_inference_cache mutations databases backups crash_log warnings merges functions
  asynchronous_inserts asynchronous_insert_log opentelemetry_span_log named_collections user_processes`.split(/\s+/);

async function keptBy(database: string, tables: readonly string[]): Promise<Record<string, string>> {
  const kept = tables.map(async (table) => {
    const rows = await project.admin.rows({ sql: `SELECT * FROM ${database}.${table}` });
    return [`${database}.${table}`, JSON.stringify(rows)] as const;
  });
  return Object.fromEntries(await Promise.all(kept));
}

describe("the store's secret", () => {
  test('is in no error of the store or of ClickHouse, whatever the statement', async () => {
    const { clickhouse } = project.app;
    const { sql, params } = await readTable('raw/gone.json');
    const refused = { ...params, raw_key: 'another-user' };
    const errors = {
      gone: await failing(() => clickhouse.rows({ sql: `SELECT * FROM ${sql}`, params })),
      refused: await failing(() => clickhouse.rows({ sql: `SELECT * FROM ${sql}`, params: refused })),
      column: await failing(() => clickhouse.rows({ sql: `SELECT nothing FROM ${sql}`, params })),
      syntax: await failing(() => clickhouse.rows({ sql: `SELECT FROM FROM ${sql} WHERE (`, params })),
      structure: await failing(() =>
        clickhouse.rows({ sql: `SELECT * FROM ${sql}`, params: { ...params, raw_structure: 'x Nothing at all' } }),
      ),
      target: await failing(() => clickhouse.run({ sql: `INSERT INTO FUNCTION ${sql} SELECT 1, 2`, params })),
      bucket: await failing(() => project.app.store.list('no-such-bucket', 'x')),
    };
    for (const [what, text] of Object.entries(errors)) expect(text, what).not.toContain(secret);
  });

  test('is in no history, record, object or table of ClickHouse, after successful and failed days', async () => {
    await project.configure({}, { onBadObject: 'quarantine', maxRejects: 1 });
    await project.put(keyOf(DAY, 'a'), lines(payment(DAY, 'a'), 'no json'));
    await project.put(`raw/${DAY}/bad.json.gz`, 'no gzip');
    expect(await project.run(DAY)).toMatchObject({ outcome: 'published', normalized: { quarantined: 1, rejected: 1 } });
    await project.put(keyOf(DAY, 'b'), lines(payment(DAY, 'b', { note: 'forbidden' })));
    await project.fail(DAY);
    await project.configure({}, { bucket: 'no-such-bucket' });
    await project.fail(DAY);

    const { clickhouse, store } = project.app;
    const { sql, params } = await readTable(keyOf(DAY, 'a'));
    const slow = clickhouse.rows({ sql: `SELECT sleepEachRow(1), line FROM ${sql}`, params });
    await expect
      .poll(() =>
        project.admin.rows({
          sql: "SELECT query FROM system.processes WHERE query LIKE '%sleepEachRow(1)%' AND query NOT LIKE '%processes%'",
        }),
      )
      .not.toEqual([]);
    const system = await project.admin.rows<{ name: string }>({
      sql: "SELECT name FROM system.tables WHERE database = 'system'",
    });
    const ledger = await project.admin.rows<{ name: string }>({
      sql: "SELECT name FROM system.tables WHERE database = 'daybook'",
    });
    const kept: Record<string, string> = {
      ...(await keptBy(
        'system',
        KEEPING.filter((name) => system.some((one) => one.name === name)),
      )),
      ...(await keptBy(
        'daybook',
        ledger.map(({ name }) => name),
      )),
    };
    await slow;
    for (const { key } of await store.list(project.bucket, 'daybook/'))
      if (key.endsWith('.json')) kept[key] = (await store.read(project.bucket, key)) ?? '';
    const client = await project.app.temporal();
    let histories = 0;
    for await (const { workflowId, runId } of client.workflow.list({ query: `DaybookProject = '${project.name}'` })) {
      const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      kept[`${workflowId} ${String(++histories)}`] = JSON.stringify(history, (_, value: unknown) =>
        value instanceof Uint8Array ? Buffer.from(value).toString() : value,
      );
    }
    expect(histories).toBe(3);
    expect(Object.keys(kept)).toEqual(
      expect.arrayContaining([
        'system.processes',
        'system.errors',
        'daybook.builds',
        'daybook.accounts',
        'daybook.rejected_rows',
      ]),
    );
    expect(kept['system.processes']).toContain('sleepEachRow');
    expect(Object.keys(kept).some((key) => key.includes('/_plans/'))).toBe(true);
    for (const [where, text] of Object.entries(kept)) expect(text.includes(secret), where).toBe(false);
    await project.configure({});
  });

  test('is not needed in Daybook: with a named collection of ClickHouse a whole day runs', async () => {
    const day = '2026-03-02';
    const { store } = project.app;
    const { accessKeyId } = inject('stack').s3;
    const collection = 'daybook_store';
    await project.admin.run({
      sql: `CREATE NAMED COLLECTION ${collection} AS access_key_id = '${accessKeyId}', secret_access_key = '${secret}'`,
    });
    try {
      for (const name of ['a', 'part-{1}', 'b,c']) await project.put(keyOf(day, name), lines(payment(day, name)));
      const named = {
        ...store,
        engine: {
          ...store.engine,
          collection,
          credentials: () => Promise.reject(new Error('credentials must not be read')),
        },
      };
      const options = { world: { store: named } };
      await project.attempt(options).publish(await project.build(day, options));
      expect(await project.rows('SELECT id FROM events WHERE day = {day:Date} ORDER BY id', { day })).toEqual([
        { id: 'a' },
        { id: 'b,c' },
        { id: 'part-{1}' },
      ]);
    } finally {
      await project.admin.run({ sql: `DROP NAMED COLLECTION ${collection}` });
    }
  });
});

test("no secret is in a worker's log, whatever the error and the log level", async () => {
  const project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG, { worker: false });
  const { password } = inject('stack').clickhouse;
  const wrong = 'store-secret-of-this-test';
  try {
    /** Starts a worker in a process of its own, lets `use` run days on it, and answers all that it said. */
    const saidBy = async (changes: Record<string, string>, use: () => Promise<unknown>) => {
      const env = environment(inject('stack'), { LOG_LEVEL: 'debug', ...changes });
      const worker = start(['worker', '--project', project.app.project.dir], env);
      try {
        await use();
      } finally {
        worker.kill('SIGTERM');
      }
      const { stdout, stderr } = await worker;
      return stdout + stderr;
    };
    const days = { good: '2026-03-11', object: '2026-03-12', sql: '2026-03-13', denied: '2026-03-14' };
    for (const day of Object.values(days)) await project.put(keyOf(day, 'a'), lines(payment(day, 'a')));
    await project.put(`raw/${days.object}/bad.json.gz`, 'no gzip');
    const worked = await saidBy({}, async () => {
      await project.run(days.good);
      expect((await project.fail(days.object)).step).toBe('normalize');
      await project.write(
        'sql/tests/throws.sql',
        "SELECT throwIf(id = 'a') AS thrown FROM events WHERE day = {day:Date} HAVING thrown;",
      );
      expect((await project.fail(days.sql)).step).toBe('test');
    });
    const denied = await saidBy({ AWS_SECRET_ACCESS_KEY: wrong }, async () => {
      expect((await project.fail(days.denied)).message).toContain('request signature');
    });
    expect(worked).toContain(`${days.good} publish done`);
    for (const day of [days.object, days.sql]) expect(worked).toMatch(new RegExp(`${day} .*failed`));
    expect(denied).toMatch(new RegExp(`${days.denied} .*failed`));
    for (const one of [secret, password, wrong]) expect((worked + denied).includes(one), one).toBe(false);
  } finally {
    await project.close();
  }
});

test('names of columns, constraints, tests and keys may contain anything', async () => {
  const day = '2026-03-03';
  const odd = ["it's", 'a b', 'say "hi"', "'); DROP TABLE events; --", 'käse', '{day:Date}', '--', '1', 'select'];
  const quoted = odd.map((name) => `\`${name}\``);
  const columns = quoted.map((name) => `${name} Nullable(String)`).join(', ');
  const hostile = await openDays(
    inject('stack'),
    {
      'sql/raw/events.sql': `CREATE TABLE raw_events (id String, ts DateTime64(3, 'UTC'), ${columns},
        _source Tuple(object String, line UInt64, text String, error String)) ENGINE = MergeTree ORDER BY tuple();`,
      'sql/normalized/events.sql': `CREATE TABLE events (day Date, id String, ${columns}, _object String, _line UInt64,
        CONSTRAINT \`it's; DROP\` CHECK id != 'refused') ENGINE = MergeTree PARTITION BY day ORDER BY id;
        SELECT toDate(ts) AS day, id, ${quoted.join(', ')}, _source FROM raw_events;`,
      'sql/tests/no_refused.sql': `SELECT id FROM events WHERE day = {day:Date} AND id = 'refused';`,
    },
    { ...PAYMENTS_CONFIG, sources: { events: { ...PAYMENTS_CONFIG.sources['events'], maxRejects: 9 } } },
    { worker: false },
  );
  try {
    const key = keyOf(day, "x'); DROP TABLE events; -- \\' \" `\n");
    const values = Object.fromEntries(odd.map((name) => [name, `value of ${name}`]));
    const ts = `${day}T12:00:00Z`;
    await hostile.put(key, lines(JSON.stringify({ id: 'one', ts, ...values }), JSON.stringify({ id: 'refused', ts })));
    await hostile.attempt().publish(await hostile.build(day));
    expect(await hostile.rows('SELECT * EXCEPT (day, _line) FROM events')).toEqual([
      { id: 'one', ...values, _object: key },
    ]);
    const [[, manifest] = []] = [...(await hostile.manifests(day))];
    const of = [{ id: manifest?.chunk ?? '', normalizer: manifest?.normalizer ?? '' }];
    expect(await hostile.app.ledger.rejectsOf('events', day, of, 9)).toMatchObject([
      { object: key, line: 2, reason: "it's; DROP" },
    ]);
  } finally {
    await hostile.close();
  }
});

test.each(["2026-03-01'; DROP TABLE daybook.builds; --", '2026-02-30', '../2026-03-01', ''])(
  'an invalid day is refused before anything is done with it: %j',
  async (day) => {
    await expect(project.attempt().recover({ day })).rejects.toMatchObject({ type: 'BadConfig', nonRetryable: true });
    expect(await project.rows('SELECT count() >= 0 AS there FROM daybook.builds')).toEqual([{ there: 1 }]);
  },
);
