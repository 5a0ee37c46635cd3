import type { ListResult } from '../../activities/list/index.js';
import type { LoadResult } from '../../activities/load/index.js';
import type { RecoverResult } from '../../activities/recover/index.js';
import type { RefreshInput } from '../../activities/refresh/index.js';
import type { SurveyResult } from '../../activities/survey/index.js';
import type { BuiltTable } from '../../src/shared/build.js';
import { daysBetween } from '../../src/shared/day.js';
import type { Stubs } from './workflows.js';

/** The result of a small project's first activity; the timings are short, so that retries come soon. */
export const SETTINGS: RecoverResult = {
  project: 'shop',
  timings: { heartbeat: 5_000, startToClose: 30_000, retryFirst: 50, retryMost: 100, giveUpAfter: 120_000 },
  normalizeSlots: 2,
  refreshConcurrency: 4,
  recovered: null,
  published: 0,
  ms: 1,
};

/** Two sources; three models, of which the last reads both others. */
export const LISTED: ListResult = {
  outcome: 'build',
  build: { day: '2026-11-10', generation: 1, plan: 's3://shop-data/daybook/shop/_plans/2026-11-10/1-0123.json' },
  objects: 3,
  bytes: 3 * 1024 ** 2,
  chunks: 3,
  todo: 3,
  sizes: [1024 ** 2, 1024 ** 2, 1024 ** 2],
  tables: [
    { name: 'events', kind: 'normalized', inputs: [], level: 0, lookback: 0, keep: 0 },
    { name: 'orders', kind: 'normalized', inputs: [], level: 0, lookback: 0, keep: 0 },
    { name: 'daily_visits', kind: 'aggregate', inputs: ['events'], level: 1, lookback: 0, keep: 0 },
    { name: 'daily_sales', kind: 'aggregate', inputs: ['events', 'orders'], level: 1, lookback: 0, keep: 0 },
    { name: 'daily_share', kind: 'aggregate', inputs: ['daily_sales', 'daily_visits'], level: 2, lookback: 0, keep: 0 },
  ],
  tests: 2,
  reasons: ['events is not published yet'],
  notes: [],
  ms: 1,
};

/** A night for 2026-11-10 alone, in which nothing was bad before. */
export const surveyed = (of: Partial<SurveyResult>): Omit<SurveyResult, 'ms'> => ({
  project: 'shop',
  day: '2026-11-10',
  late: [],
  wait: true,
  looksBack: 0,
  bad: [],
  alerts: false,
  ...of,
});

/** What is said of a chunk of one line. */
export const ONE_LINE = {
  source: 'events',
  lines: 1,
  rows: 1,
  rejected: 0,
  skipped: 0,
  blank: 0,
  quarantined: 0,
  reused: false,
};

/** A night in which everything goes well. */
export const defaultStubs = (settings: RecoverResult, listed: ListResult): Stubs => ({
  survey: ({ day }) => surveyed({ project: settings.project, day: day ?? '2026-11-10', wait: day === null }),
  outline: ({ start, end }) => ({
    project: settings.project,
    days: daysBetween(start, end),
    looksBack: 0,
    daysPerRun: 200,
  }),
  alert: () => ({ sent: true }),
  audit: () => ({ notes: [] }),
  attend: () => ({ outcome: 'published' }),
  look: ({ workflowIds }) => ({ ended: workflowIds }),
  recover: () => settings,
  wait: () => ({ ready: true, missing: [], againInMs: 10 }),
  list: ({ day }) => ({ ...listed, build: { ...listed.build, day } }),
  normalize: () => ({
    source: 'events',
    lines: 10,
    rows: 8,
    rejected: 1,
    skipped: 1,
    blank: 0,
    quarantined: 0,
    reused: false,
  }),
  load: ({ table }) => ({
    ...built(table),
    lines: 30,
    rejected: 3,
    skipped: 3,
    blank: 0,
    duplicates: 1,
    chunks: 3,
    quarantined: 0,
    notes: [],
  }),
  lookBack: () => ({ earlier: {} }),
  refresh: ({ table }: RefreshInput) => built(table),
  test: () => ({ passed: listed.tests, warned: [] }),
  publish: ({ tables }) => ({ tables: tables.map(({ table }) => ({ table, rows: 24 })), burstMs: 9, touched: null }),
  compare: () => ({ tables: [{ table: 'events', equal: true, liveRows: 24, rebuiltRows: 24, edited: false }] }),
  planRollback: ({ day }) => ({ build: { day, generation: 3, plan: '' }, undoes: 2, tables: ['events'] }),
  rollback: () => ({ tables: [{ table: 'events', rows: 24, generation: 1 }], touched: null }),
  eraseChunks: () => ({
    project: settings.project,
    table: 'events',
    days: ['2026-11-10'],
    rows: 2,
    chunks: 1,
    rejects: 1,
  }),
  eraseRows: ({ day }) => ({ build: { ...listed.build, day }, tables: [built('events')], erased: 2 }),
  endErasure: () => ({ archives: 1 }),
  verify: () => ({ days: 1, tables: 3, differences: [], found: 0 }),
  sweep: () => ({ stages: 1, archives: 0, archivedBytes: 0, objects: 0 }),
  conclude: () => ({}),
});

/** Activities that do what a step that shares them is to do. */
export const SHARED: Partial<Stubs> = {
  normalize: ({ chunk, load }) => {
    const source = chunk === 0 ? 'events' : 'orders';
    return { ...ONE_LINE, source, ...(load ? { loaded: loaded(source) } : {}) };
  },
  lookBack: ({ refresh }) => ({
    earlier: { '2026-11-09': 'fingerprint of an earlier day' },
    ...(refresh ? { refreshed: { tables: refresh.models.map(({ name }) => built(name)), ms: 2 } } : {}),
  }),
  refresh: ({ table, also }) => ({ ...built(table), ...(also ? { also: also.map((one) => built(one.table)) } : {}) }),
  conclude: ({ sweep }) => (sweep ? { swept: { stages: 1, archives: 0, archivedBytes: 0, objects: 0, ms: 3 } } : {}),
};

const loaded = (table: string): LoadResult => ({
  ...built(table),
  ...{ lines: 1, rejected: 0, skipped: 0, blank: 0, duplicates: 0, chunks: 1, quarantined: 0, notes: [] },
});

export const built = (table: string): BuiltTable => ({
  table,
  rows: 24,
  hash: '42',
  fingerprint: `fingerprint of ${table}`,
  data: `data of ${table}`,
  changed: true,
  earlier: {},
  inputs: {},
  ms: 1,
});
