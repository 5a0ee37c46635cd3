import { describe, expect, test } from 'vitest';
import type { ConfigInput } from '../../src/project/config/config.js';
import { parseConfig } from '../../src/project/config/parse.js';
import { folderPrefix, isSharedMarker, markerKey } from '../../src/project/config/prefix.js';
import { describeProblems } from '../../src/project/problems.js';

const least = {
  project: 'shop',
  store: { bucket: 'shop-data' },
  sources: { events: { prefix: 'raw/{YYYY}/{MM}/{DD}/' } },
} satisfies ConfigInput;

const messageOf = (exported: unknown) => describeProblems('daybook.config.ts', parseConfig(exported).problems);

test('a project, a bucket and a prefix are enough; every other field has its default', () => {
  const { config, problems } = parseConfig(least);
  expect(problems).toEqual([]);
  expect(config).toEqual({
    project: 'shop',
    timezone: 'UTC',
    allowFunctions: [],
    schedule: '30 4 * * *',
    lateDays: 3,
    database: 'analytics',
    store: { bucket: 'shop-data', normalized: 'daybook/', keepNormalized: 30 * 24 * 3600_000 },
    clickhouse: { cloud: false, normalizeOn: 'one-node' },
    keepPrevious: { days: 7, versions: 2 },
    giveUpAfter: 6 * 3600_000,
    limits: {
      normalizeSlots: 2,
      refreshConcurrency: 4,
      threads: 0,
      memory: 4 * 1024 ** 3,
      longestLine: 64 * 1024 ** 2,
    },
    timings: { heartbeat: 30_000, startToClose: 2 * 3600_000, retryFirst: 2_000, retryMost: 60_000, sticky: 10_000 },
    alerts: {},
    sources: {
      events: {
        bucket: 'shop-data',
        prefix: 'raw/{YYYY}/{MM}/{DD}/',
        include: [],
        exclude: [],
        folderZone: 'UTC',
        format: 'ndjson',
        arrival: { before: 1, after: 1 },
        ready: { minObjects: 1, quietFor: 600_000 },
        onEmpty: 'fail',
        onBadObject: 'fail',
        onVanish: 'keep',
        maxRejects: { share: 0.01 },
        dedupeBy: [],
        chunk: { targetBytes: 128 * 1024 ** 2, maxObjects: 1_000 },
      },
    },
  });
});

test.each([
  ['the address itself as the variable', { webhook: { env: 'https://hooks.example/T1/hush' } }],
  ['the address in place of the webhook', { webhook: 'https://hooks.example/T1/hush' }],
  ['the address in place of all', 'https://hooks.example/T1/hush'],
  ['the address under a name of its own', { webhook: { url: 'https://hooks.example/T1/hush' } }],
])('a webhook is a variable that holds its address; %s is refused, and not repeated', (_, alerts) => {
  expect(parseConfig({ ...least, alerts: { webhook: { env: 'SLACK_WEBHOOK_URL' } } }).config?.alerts).toEqual({
    webhook: { env: 'SLACK_WEBHOOK_URL' },
  });
  const { problems } = parseConfig({ ...least, alerts });
  expect(problems[0]?.where).toMatch(/^alerts/);
  expect(JSON.stringify(problems)).not.toContain('hush');
});

test('options of a cluster go neither with ClickHouse Cloud nor with one server, and the message says what to remove', () => {
  const databaseEngine = "Replicated('/clickhouse/databases/{database}', '{shard}', '{replica}')";
  expect(messageOf({ ...least, clickhouse: { cloud: true, databaseEngine } })).toContain(
    'clickhouse.databaseEngine: found an engine for databases beside cloud: true, but ClickHouse Cloud chooses that engine itself',
  );
  expect(messageOf({ ...least, clickhouse: { cloud: 'yes' } })).toContain("found 'yes', expected true or false");
  for (const clickhouse of [{ normalizeOn: 'all-nodes' }, { normalizeOn: 'all-nodes', cloud: true }])
    expect(messageOf({ ...least, clickhouse })).toContain(
      "clickhouse.normalizeOn: found 'all-nodes', but without clickhouse.databaseEngine Daybook knows one node",
    );
  for (const clickhouse of [{ cloud: true }, { databaseEngine }, { databaseEngine, normalizeOn: 'all-nodes' }])
    expect(parseConfig({ ...least, clickhouse }).problems).toEqual([]);
});

test('what people write becomes milliseconds, bytes and whole prefixes', () => {
  const { config } = parseConfig({
    ...least,
    start: '2026-11-01',
    giveUpAfter: '1.5h',
    store: { bucket: 'shop-data', normalized: 'own' },
    limits: { memory: '500 MB' },
    sources: {
      events: {
        ...least.sources.events,
        bucket: 'other-bucket',
        ready: { marker: '_SUCCESS', deadline: '06:00' },
        maxRejects: 100,
      },
    },
  } satisfies ConfigInput);
  expect(config).toMatchObject({
    start: '2026-11-01',
    giveUpAfter: 5_400_000,
    store: { normalized: 'own/' },
    limits: { memory: 500_000_000 },
    sources: {
      events: { bucket: 'other-bucket', ready: { marker: '_SUCCESS', deadline: '06:00' }, maxRejects: { lines: 100 } },
    },
  });
  expect(config?.sources['events']?.ready).not.toHaveProperty('minObjects');
});

test('all problems come in one message, each with its path, what was found and what was expected', () => {
  expect(
    messageOf({
      projct: 'shop',
      timezone: 'Europe/Berln',
      schedule: '0 25 * * *',
      database: 'daybook',
      store: { bucket: 'shop-data', normalized: '/daybook', keepNormalized: '30' },
      limits: { memory: '4 gigs', slots: 2 },
      sources: {
        Events: { prefix: 'raw/{YYYY}/{MM}/{DD}/' },
        events: {
          prefix: 'raw/{YYYY}-{MM}/{hour}/',
          maxRejects: '10',
          ready: { marker: '_SUCCESS', minObjects: 2, deadline: '6:00' },
          arrival: { before: -1 },
          chunk: { maxObjects: 0.5 },
          dedupeBy: 'event_id',
          onEmpty: 'ignore',
        },
      },
    }),
  ).toMatchInlineSnapshot(`
    "daybook.config.ts has 18 problems:
      project: found nothing, expected a name such as 'shop': a lower-case letter, then up to 30 of a-z, 0-9, _
        Add it; it has no default.
      timezone: found 'Europe/Berln', expected a zone of the IANA database such as 'Europe/Berlin'
        Correct the value.
      schedule: found '0 25 * * *', expected five cron fields such as '30 4 * * *'
        Correct the value.
      database: found 'daybook', expected a database's name of lower-case letters, digits and _, other than default, system, daybook and daybook_…
        Correct the value.
      store.normalized: found '/daybook', expected a prefix such as 'daybook/', without a leading '/'
        Correct the value.
      store.keepNormalized: found '30', expected a duration such as '30 days'
        Correct the value.
      limits.memory: found '4 gigs', expected a size such as '4 GiB'
        Correct the value.
      limits.slots: found an unknown key, expected one of normalizeSlots, refreshConcurrency, threads, memory, longestLine
        Remove it.
      sources.Events: found the name 'Events', expected a name of lower-case letters, digits and _, because a table is named after it
        Rename it.
      sources.events.prefix: found 'raw/{YYYY}-{MM}/{hour}/', expected a prefix such as 'raw/events/dt={YYYY}-{MM}-{DD}/': {YYYY}, {MM} or {M}, {DD} or {D}, no other token, no leading '/', and {M} and {D} followed by something other than a digit
        Correct the value.
      sources.events.arrival.before: found -1, expected a whole number, at least 0
        Correct the value.
      sources.events.ready.deadline: found '6:00', expected a time of day such as '06:00'
        Correct the value.
      sources.events.ready: found { marker: '_SUCCESS', minObjects: 2, deadline: '6:00' }, expected either marker, or minObjects and quietFor
        Correct the value.
      sources.events.onEmpty: found 'ignore', expected 'fail', 'publish' or 'skip'
        Correct the value.
      sources.events.maxRejects: found '10', expected a share such as '1%' or a number of lines such as 100
        Correct the value.
      sources.events.dedupeBy: found 'event_id', expected a list of columns, or { key: ['order_id'], keep: 'last', by: 'updated_at' }
        Correct the value.
      sources.events.chunk.maxObjects: found 0.5, expected a whole number, at least 1
        Correct the value.
      projct: found an unknown key, expected one of project, id, timezone, start, schedule, lateDays, database, clickhouse, store, keepPrevious, giveUpAfter, limits, timings, alerts, allowFunctions, sources
        Did you mean 'project'?"
  `);
});

test.each([undefined, null, 5, 'text', [], () => ({})])('%s is not a valid config', (exported) => {
  expect(messageOf(exported)).toMatch(/^daybook\.config\.ts has \d+ problems?:\n/);
});

describe('fields that must fit together', () => {
  const berlin = (arrival: object, more: object = {}) => ({
    ...least,
    timezone: 'Europe/Berlin',
    sources: { events: { ...least.sources.events, arrival, ...more } },
  });

  test('arrival covers the difference between the zones, in summer and in winter', () => {
    expect(parseConfig(berlin({ before: 1, after: 0 })).problems).toEqual([]);
    expect(parseConfig(berlin({ before: 0, after: 0 }, { folderZone: 'Europe/Berlin' })).problems).toEqual([]);
    expect(messageOf(berlin({ before: 0, after: 1 }))).toMatchInlineSnapshot(`
      "daybook.config.ts has 1 problem:
        sources.events.arrival: found before 0, after 1, but a day in Europe/Berlin spans folders in UTC from 1 before to 0 after it
          Set arrival to at least { before: 1, after: 0 }, or correct folderZone."
    `);
    expect(messageOf(berlin({ before: 1, after: 0 }, { folderZone: 'Asia/Tokyo' }))).toContain(
      '{ before: 0, after: 1 }',
    );
    expect(messageOf({ ...berlin({}, { folderZone: 'Pacific/Pago_Pago' }), timezone: 'Pacific/Kiritimati' })).toContain(
      '{ before: 2, after: 0 }',
    );
  });

  test('the normalized zone is not inside the raw events', () => {
    const place = (normalized: string, prefix: string, bucket = 'shop-data') =>
      parseConfig({
        ...least,
        store: { bucket: 'shop-data', normalized },
        sources: { events: { prefix, bucket } },
      }).problems.map(({ where }) => where);
    expect(place('raw/', 'raw/{YYYY}/{MM}/{DD}/')).toEqual(['store.normalized']);
    expect(place('raw/2026/11/10/own/', 'raw/{YYYY}/{MM}/{DD}/')).toEqual(['store.normalized']);
    expect(place('2026/', '{YYYY}/{MM}/{DD}/')).toEqual(['store.normalized']);
    expect(place('raw/', 'raw/{YYYY}/{MM}/{DD}/', 'other-bucket')).toEqual([]);
    expect(place('raw/own/', 'raw/{YYYY}/{MM}/{DD}/')).toEqual([]);
    expect(place('raw/2026/1/10/own/', 'raw/{YYYY}/{M}/{D}/')).toEqual(['store.normalized']);
    expect(place('daybook/', '{YYYY}/{MM}/{DD}/')).toEqual([]);
  });

  test('these checks speak beside problems of other fields', () => {
    expect(messageOf({ ...berlin({ before: 0, after: 0 }), project: 'Shop' })).toMatch(
      /project: found 'Shop'[^]*sources\.events\.arrival: /,
    );
  });

  test('no table of one source is the raw table of another', () => {
    const sources = { events: least.sources.events, raw_events: least.sources.events };
    expect(messageOf({ ...least, sources })).toContain("would also be the raw table of source 'events'");
  });
});

test.each(['0 0 * * *', '30 2 * * *', '15 */6 * * *'])(
  'a schedule in the small hours (%s) is a warning',
  (schedule) => {
    const { config, problems } = parseConfig({ ...least, schedule });
    expect(config?.schedule).toBe(schedule);
    expect(problems).toMatchObject([{ severity: 'warning', where: 'schedule' }]);
  },
);

test.each(['30 4 * * *', '0 3-5/2 1,15 JAN-MAR mon', '*/15 4 * * 7'])('%s is a schedule', (schedule) => {
  expect(parseConfig({ ...least, schedule }).problems).toEqual([]);
});

test.each([
  '',
  '30 4 * *',
  '60 4 * * *',
  '30 4 0 * *',
  '30 4 * 13 *',
  '5-1 4 * * *',
  '@daily',
  '30 4 * * * *',
  '*/0 4 * * *',
])('%s is not a schedule', (schedule) => {
  expect(messageOf({ ...least, schedule })).toContain("expected five cron fields such as '30 4 * * *'");
});

test.each([
  ['_SUCCESS', 'raw/dt=2026-11-05/_SUCCESS', false],
  ['sub/done-{M}-{D}', 'raw/dt=2026-11-05/sub/done-11-5', false],
  ['../_SUCCESS', 'raw/_SUCCESS', true],
  ['../done/{YYYY}{MM}{DD}', 'raw/done/20261105', false],
  ['../../../_SUCCESS', '_SUCCESS', true],
  ['/done/{YYYY}-{MM}-{DD}.txt', 'done/2026-11-05.txt', false],
])('the marker %s is the object %s', (marker, key, shared) => {
  const prefix = 'raw/dt={YYYY}-{MM}-{DD}/';
  const { config } = parseConfig({ ...least, sources: { events: { prefix, ready: { marker } } } });
  expect(config).toBeDefined();
  expect(markerKey(prefix, marker, '2026-11-05')).toBe(key);
  expect(isSharedMarker(prefix, marker)).toBe(shared);
});

test.each(['', 'done/', '..', 'a/../b', '../..', '{hour}/done'])('%j is no marker', (marker) => {
  const sources = { events: { ...least.sources.events, ready: { marker } } };
  expect(messageOf({ ...least, sources })).toContain("a path from it such as '../_SUCCESS'");
});

test('months and days may lack leading zeros, where something else than a digit follows them', () => {
  const prefix = 'raw/year={YYYY}/month={M}/day={D}/';
  expect(parseConfig({ ...least, sources: { events: { prefix } } }).problems).toEqual([]);
  expect(folderPrefix(prefix, '2026-01-05')).toBe('raw/year=2026/month=1/day=5/');
  expect(folderPrefix(prefix, '2026-11-15')).toBe('raw/year=2026/month=11/day=15/');
  for (const wrong of ['raw/{YYYY}/{M}/{D}', 'raw/{YYYY}/{M}{D}/', 'raw/{YYYY}/{D}0/{MM}/'])
    expect(messageOf({ ...least, sources: { events: { prefix: wrong } } })).toContain(
      '{M} and {D} followed by something other than a digit',
    );
});

test('a folder is the prefix with a date in it', () => {
  expect(folderPrefix('raw/{YYYY}/dt={YYYY}-{MM}-{DD}/', '2026-11-05')).toBe('raw/2026/dt=2026-11-05/');
});
