import { z } from 'zod';
import { checkTogether } from './checks.js';
import {
  calendarDay,
  cron,
  datedPrefix,
  duration,
  listField,
  oneOf,
  pattern,
  rejectLimit,
  size,
  text,
  timeOfDay,
  variableName,
  wholeNumber,
  zone,
} from './fields.js';
import { isMarker } from './prefix.js';

/*
 * The schema of `daybook.config.ts`. Users write readable text ('10 minutes', '128 MiB'); the parsed config has numbers,
 * milliseconds and bytes, with every default filled in.
 */

/** Reserved database names. */
const RESERVED = /^(daybook|default|system|information_schema)$|^daybook_/;

/** Defines an object that rejects unknown keys and lists the known ones. */
const fields = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(shape).join(', ') : 'an object { … }'),
  });

const bucket = pattern("a bucket's name such as 'shop-data'", /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/);
const marker = text(
  "a name in the folder such as '_SUCCESS', a path from it such as '../_SUCCESS', or a key from the bucket's root such as '/done/{YYYY}-{MM}-{DD}'",
  isMarker,
);
const keyPattern = text(
  "a pattern such as '*.json.gz', 'hour=*/*.json' or '**/part-*', matched against the key after the prefix",
  (value) => value !== '' && !value.startsWith('/'),
);
const functionName = pattern("the name of a table function such as 'url'", /^[A-Za-z_][A-Za-z0-9_]*$/);
const columnName = pattern('the name of a column', /^[A-Za-z_][A-Za-z0-9_]*$/);

/** When a folder counts as complete: it has a marker object, or enough objects of which none was written recently (ms). */
export type Ready = { minObjects: number; quietFor: number; deadline?: string } | { marker: string; deadline?: string };

const ready = fields({
  marker: marker.optional(),
  minObjects: wholeNumber(0).optional(),
  quietFor: duration('10 minutes', 0).optional(),
  deadline: timeOfDay.optional(),
})
  .refine(
    ({ marker, minObjects, quietFor }) => marker === undefined || (minObjects === undefined && quietFor === undefined),
    'either marker, or minObjects and quietFor',
  )
  .transform(({ marker, minObjects = 1, quietFor = 10 * 60 * 1000, deadline }): Ready => ({
    ...(marker === undefined ? { minObjects, quietFor } : { marker }),
    ...(deadline === undefined ? {} : { deadline }),
  }));

const source = fields({
  bucket: bucket.optional(),
  prefix: datedPrefix,
  include: listField('a list of patterns', keyPattern).default([]),
  exclude: listField('a list of patterns', keyPattern).default([]),
  folderZone: zone.default('UTC'),
  format: oneOf('ndjson', 'parquet').default('ndjson'),
  arrival: fields({ before: wholeNumber(0).default(1), after: wholeNumber(0).default(1) }).prefault({}),
  ready: ready.prefault({}),
  onEmpty: oneOf('fail', 'publish', 'skip').default('fail'),
  onBadObject: oneOf('fail', 'quarantine').default('fail'),
  onVanish: oneOf('keep', 'rebuild', 'fail').default('keep'),
  maxRejects: rejectLimit.prefault('1%'),
  dedupeBy: z
    .union(
      [
        listField('a list of columns', columnName),
        z.strictObject({ key: z.array(columnName).min(1), keep: z.enum(['first', 'last']), by: columnName }),
      ],
      "a list of columns, or { key: ['order_id'], keep: 'last', by: 'updated_at' }",
    )
    .default([]),
  chunk: fields({
    targetBytes: size('128 MiB').prefault('128 MiB'),
    maxObjects: wholeNumber(1).default(1_000),
  }).prefault({}),
});

const sourceName = pattern(
  'a name of lower-case letters, digits and _, because a table is named after it',
  /^[a-z][a-z0-9_]{0,58}$/,
);

/** The name of a project. */
export const PROJECT = /^[a-z][a-z0-9_]{0,30}$/;

/** The schema of `daybook.config.ts`. Messages of its issues name what was expected. */
export const configSchema = fields({
  project: pattern("a name such as 'shop': a lower-case letter, then up to 30 of a-z, 0-9, _", PROJECT),
  id: pattern('4 to 40 letters and digits, as daybook init writes them', /^[A-Za-z0-9]{4,40}$/).optional(),
  timezone: zone.default('UTC'),
  start: calendarDay.optional(),
  schedule: cron.default('30 4 * * *'),
  lateDays: wholeNumber(0).default(3),
  database: text(
    "a database's name of lower-case letters, digits and _, other than default, system, daybook and daybook_…",
    (value) => /^[a-z][a-z0-9_]{0,62}$/.test(value) && !RESERVED.test(value),
  ).default('analytics'),
  clickhouse: fields({
    databaseEngine: text(
      `an engine with the database's name in its path: "Replicated('/clickhouse/databases/{database}', '{shard}', '{replica}')"`,
      (value) => /^Replicated\('[^'\\]*\{database\}[^'\\]*', '[^'\\]+', '[^'\\]+'\)$/.test(value),
    ).optional(),
    cloud: z.boolean('true or false').default(false),
    normalizeOn: oneOf('one-node', 'all-nodes').default('one-node'),
  }).prefault({}),
  store: fields({
    bucket,
    normalized: text("a prefix such as 'daybook/', without a leading '/'", (value) =>
      /^[^/{}*?,][^{}*?,]*$/.test(value),
    )
      .transform((value) => (value.endsWith('/') ? value : `${value}/`))
      .default('daybook/'),
    keepNormalized: duration('30 days').prefault('30 days'),
  }),
  keepPrevious: fields({ days: wholeNumber(0).default(7), versions: wholeNumber(0).default(2) }).prefault({}),
  giveUpAfter: duration('6 hours').prefault('6 hours'),
  limits: fields({
    normalizeSlots: wholeNumber(1).default(2),
    refreshConcurrency: wholeNumber(1).default(4),
    threads: wholeNumber(0).default(0),
    memory: size('4 GiB').prefault('4 GiB'),
    longestLine: size('64 MiB').prefault('64 MiB'),
  }).prefault({}),
  timings: fields({
    heartbeat: duration('30 seconds').prefault('30 seconds'),
    startToClose: duration('2 hours').prefault('2 hours'),
    retryFirst: duration('2 seconds').prefault('2 seconds'),
    retryMost: duration('1 minute').prefault('1 minute'),
    sticky: duration('10 seconds').prefault('10 seconds'),
  }).prefault({}),
  alerts: fields({ webhook: fields({ env: variableName }).optional() }).prefault({}),
  allowFunctions: listField('a list of table functions', functionName).default([]),
  sources: z
    .record(sourceName, source, 'an object with one entry for each source')
    .refine((sources) => Object.keys(sources).length > 0, 'at least one source'),
})
  // Runs even if there are other issues, so that all are reported at once; it looks only at valid fields.
  .superRefine(checkTogether, { when: () => true })
  .transform((config) => ({
    ...config,
    sources: Object.fromEntries(
      Object.entries(config.sources).map(([name, one]) => [
        name,
        { ...one, bucket: one.bucket ?? config.store.bucket },
      ]),
    ),
  }));

/** A config as a user writes it. */
export type ConfigInput = z.input<typeof configSchema>;

/** A config with every default filled in: durations in milliseconds, sizes in bytes, prefixes as the store expects them. */
export type Config = z.output<typeof configSchema>;

/** One source of a {@link Config}. */
export type SourceConfig = Config['sources'][string];
