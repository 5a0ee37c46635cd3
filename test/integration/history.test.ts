import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startOrAttachDay } from '../../src/cli/common/start.js';
import type { DayResult } from '../../src/shared/workflows.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';
import { attributesOf } from '../support/workflows.js';

const GOOD = '2026-11-10';
const BAD = '2026-11-11';

/** No payload may come near to Temporal's limits, however large the day: in bytes. */
const LARGEST_PAYLOAD = 16 * 1024;

const SIZE = String.raw`[\d.]+ (B|KiB|MiB)`;

/** The day's activities in the order in which they are scheduled, with what the Web UI writes beside each. */
const stepsOf = (day: string): [verb: string, summary: RegExp][] => [
  ['recover', new RegExp(`^unfinished publishes of ${day}$`)],
  ['list', new RegExp(`^objects that may hold rows of ${day}$`)],
  ['normalize', new RegExp(`^chunk 1 of 3 · ${SIZE}$`)],
  ['normalize', new RegExp(`^chunk 2 of 3 · ${SIZE}$`)],
  ['normalize', new RegExp(`^chunk 3 of 3 · ${SIZE}$`)],
  ['load', new RegExp(`^events of ${day}$`)],
  ['refresh', new RegExp(`^daily_amounts of ${day}$`)],
  ['refresh', new RegExp(`^daily_means of ${day}$`)],
  ['test', /^1 test on the stage$/],
];

const ENDS = {
  published: (day: string): [string, RegExp][] => [
    ['publish', new RegExp(`^3 tables of ${day}$`)],
    ['conclude', /^record the outcome: published$/],
    ['sweep', new RegExp(`^clean up the stages of ${day} and expired data$`)],
  ],
  failed: (): [string, RegExp][] => [['conclude', /^record the outcome: failed$/]],
};

/** A history with what its server and its worker say of the workflow beside it. */
interface DayHistory {
  events: temporal.api.history.v1.IHistoryEvent[];
  attributes: Record<string, unknown>;
  /** Markdown, as the Web UI shows it. */
  details: string;
  staticSummary: string | undefined;
}

let project: DayProject;
let good: DayHistory & { result: DayResult };
let bad: DayHistory & { message: string };

beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG);
  for (const name of ['a', 'b', 'c']) {
    await project.put(keyOf(GOOD, name), lines(payment(GOOD, name), 'not a line', payment(GOOD, 'd')));
    // A row that a test shows may be of any length.
    await project.put(keyOf(BAD, name), lines(payment(BAD, name.repeat(20_000), { note: 'forbidden' })));
  }
  await project.configure({}, { maxRejects: '50%' });
  const first = await startOrAttachDay(project.app, { day: GOOD });
  const result = (await first.result()) as DayResult;
  good = { ...(await readHistory(first)), result };
  const { message } = await project.fail(BAD);
  bad = { ...(await readHistory(await dayHandle(BAD))), message };
});
afterAll(() => project.close());

const dayHandle = async (day: string) =>
  (await project.app.temporal()).workflow.getHandle(`daybook/${project.name}/day/${day}`);

async function readHistory(handle: WorkflowHandle): Promise<DayHistory> {
  const { events } = await handle.fetchHistory();
  const metadata: temporal.api.sdk.v1.IWorkflowMetadata = await handle.query('__temporal_workflow_metadata');
  const description = await handle.describe();
  return {
    events: events ?? [],
    attributes: await attributesOf(handle),
    details: metadata.currentDetails ?? '',
    staticSummary: await description.staticSummary(),
  };
}

/** Lists the scheduled activities with their summaries. */
const scheduled = ({ events }: DayHistory) =>
  events.flatMap(({ activityTaskScheduledEventAttributes: activity, userMetadata }) => {
    if (!activity) return [];
    const summary = userMetadata?.summary ? defaultPayloadConverter.fromPayload<string>(userMetadata.summary) : '';
    return [{ verb: activity.activityType?.name ?? '', summary, activity }];
  });

/** Every text of a history: the fields as they are, payloads decoded. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (value instanceof Uint8Array) return [Buffer.from(value).toString()];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => [key, ...textsOf(one)]);
}

/** Sizes in bytes of all payloads of a history. */
function payloadSizes(value: unknown): number[] {
  if (value instanceof Uint8Array) return [value.byteLength];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(payloadSizes);
}

describe.each([
  ['good', () => good, [...stepsOf(GOOD), ...ENDS.published(GOOD)]],
  ['failed', () => bad, [...stepsOf(BAD), ...ENDS.failed()]],
] as const)('the history of a %s day', (_, history, expected) => {
  test('shows the steps in order, each with a summary for people', () => {
    const found = scheduled(history());
    expect(found.map(({ verb }) => verb)).toEqual(expected.map(([verb]) => verb));
    for (const [index, [, summary]] of expected.entries()) expect(found[index]?.summary).toMatch(summary);
  });

  test('gives every activity a heartbeat, an end to each attempt, and an end to all of them', () => {
    for (const { activity } of scheduled(history())) {
      expect(Number(activity.heartbeatTimeout?.seconds)).toBeGreaterThan(0);
      expect(Number(activity.startToCloseTimeout?.seconds)).toBeGreaterThan(0);
      expect(Number(activity.scheduleToCloseTimeout?.seconds)).toBeGreaterThan(0);
    }
  });

  test('normalizes on the heavy queue, and nothing else there', () => {
    for (const { verb, activity } of scheduled(history()))
      expect(activity.taskQueue?.name).toBe(`daybook-${project.name}${verb === 'normalize' ? '-heavy' : ''}`);
  });

  test('carries no payload that grows with the data', () => {
    expect(Math.max(...payloadSizes(history().events))).toBeLessThan(LARGEST_PAYLOAD);
    const longest = Math.max(...textsOf(history().events).map((text) => text.length));
    expect(longest).toBeLessThan(LARGEST_PAYLOAD);
  });

  test('holds no secret of any service', () => {
    const { s3, clickhouse } = inject('stack');
    const text = [...textsOf(history().events), history().details].join('\n');
    expect(text).toContain(project.name);
    for (const secret of [s3.secretAccessKey, clickhouse.password].filter((one) => one !== ''))
      expect(text).not.toContain(secret);
  });
});

test('a successful day returns what it made of the raw lines, as numbers and as text', () => {
  const { result } = good;
  expect(result).toMatchObject({
    day: GOOD,
    outcome: 'published',
    generation: 1,
    listed: { objects: 3, chunks: 3 },
    normalized: { chunks: 3, lines: 9, rows: 6, rejected: 3, skipped: 0, blank: 0 },
    loaded: [{ table: 'events', rows: 4, duplicates: 2, rejected: 3, changed: true }],
    tested: { passed: 1, warned: [] },
    notes: [],
  });
  expect(result.published.map(({ table, rows }) => [table, rows])).toEqual([
    ['events', 4],
    ['daily_amounts', 1],
    ['daily_means', 1],
  ]);
  expect(result.steps.map(({ step }) => step)).toEqual([
    ...['recover', 'list', 'normalize', 'load', 'refresh', 'test', 'publish', 'sweep'],
  ]);
});

test('a successful day is found by project, day, outcome and kind', () => {
  expect(good.attributes).toMatchObject({
    DaybookProject: project.name,
    DaybookDay: GOOD,
    DaybookOutcome: 'published',
    DaybookKind: 'day',
  });
  expect(good.staticSummary).toBe(`${project.name}, day ${GOOD}`);
});

test('the details of a successful day are a readable table', () => {
  const [heading, , columns, , ...rows] = good.details.split('\n');
  expect(heading).toBe(`**${GOOD}: published**`);
  expect(columns).toBe('| step | what happened | took |');
  expect(rows[2]).toMatch(/^\| normalize \| 3 chunks · 9 lines · 6 rows · 3 rejected \| [\d.]+ m?s \|$/);
  for (const row of rows) expect(row).toMatch(/^\| \w+ \| .+ \| [\d.]+ m?s \|$/);
});

test('a failed day says the step, the test, the rows, and the command to type next', () => {
  expect(bad.message).toMatch(
    new RegExp(
      `^Day ${BAD} failed at step test: Test no_forbidden_note found 3 rows that must not exist, such as \\{"id":"`,
    ),
  );
  expect(bad.message).toContain('characters left out');
  expect(bad.message).toContain('Nothing is published.');
  expect(bad.message.endsWith(`Once fixed, run: npx daybook run --day ${BAD}`)).toBe(true);
  expect(bad.attributes).toMatchObject({ DaybookDay: BAD, DaybookOutcome: 'failed', DaybookProject: project.name });
  expect(bad.details).toContain(`**${BAD}: failed**`);
  expect(bad.details).toContain('no_forbidden_note');
});
