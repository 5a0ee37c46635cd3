import { describe, expect, test } from 'vitest';
import { freshState, withDay } from '../../src/shared/backfill.js';
import { command } from '../../src/shared/commands.js';
import { clippedText } from '../../src/shared/format.js';
import { wrongInput } from '../../src/shared/inputs/check.js';
import { sentence } from '../../src/shared/sentence.js';
import type { BackfillInput, BackfillState, DayInput, EraseInput, FailedDay } from '../../src/shared/workflows.js';

const QUEUE = 'daybook-shop';
const RANGE = { start: '2026-11-01', end: '2026-11-30' };
const STATE = withDay(
  freshState(RANGE, new Date(0)),
  { day: '2026-11-01', outcome: 'failed', step: 'test', reason: 'a reason', result: null },
  null,
);

const wrong = (type: Parameters<typeof wrongInput>[0], input: unknown) => wrongInput(type, input, QUEUE);

describe('a valid input is accepted', () => {
  test.each([
    ['day', { day: '2026-11-05' }],
    ['day', { day: '2024-02-29', force: true, code: true, retry: 'a dictionary', gated: false }],
    ['day', { day: '2026-11-05', rollback: true, reason: 'prices were doubled' }],
    ['day', { day: '2026-11-05', rollback: true, generation: 2 }],
    ['day', { day: '2026-11-05', rollback: true, toEmpty: true }],
    ['day', { day: '2026-11-05', wait: true, waiting: '2026-11-06T04:30:00.000Z' }],
    ['day', { day: '2026-11-05', force: undefined }],
    ['day', { day: '2026-11-05', replaceFolder: true, keepVanished: false, allowEmpty: true }],
    ['nightly', {}],
    ['nightly', { day: '2026-11-05' }],
    ['backfill', RANGE],
    ['backfill', { ...RANGE, keepVanished: true }],
    ['backfill', { ...RANGE, force: true, reprocess: 'all', concurrency: 64, failFast: true }],
    ['backfill', { ...RANGE, state: { ...STATE, later: { first: '2026-12-01', last: '2026-12-06' } } }],
  ] as const)('%s %j', (type, input) => {
    expect(wrong(type, input)).toBeUndefined();
  });
});

describe('a wrong input is reported by field, with what was expected', () => {
  test.each([
    ['day', undefined, 'the input is missing; expected an object'],
    ['day', null, 'the input is null; expected an object'],
    ['day', '2026-11-05', 'the input is "2026-11-05"; expected an object'],
    ['day', ['2026-11-05'], 'the input is ["2026-11-05"]; expected an object'],
    ['day', {}, 'day is missing; expected a date that exists, written YYYY-MM-DD, from 1970-01-01 to 2149-06-06'],
    ['day', { day: '2026-02-30' }, 'day is "2026-02-30"; expected a date that exists'],
    ['day', { day: '2026-11-5' }, 'day is "2026-11-5"; expected a date that exists'],
    ['day', { day: '2149-06-07' }, 'day is "2149-06-07"; expected a date that exists'],
    ['day', { day: 20261105 }, 'day is 20261105; expected a date that exists'],
    ['day', { day: '2026-11-05', force: 'false' }, 'force is "false"; expected true or false, without quotes'],
    ['day', { day: '2026-11-05', rollback: 'no' }, 'rollback is "no"; expected true or false, without quotes'],
    ['day', { day: '2026-11-05', force: null }, 'force is null; expected true or false'],
    ['day', { day: '2026-11-05', rolback: true }, 'the input has an unknown key "rolback" (did you mean rollback?)'],
    ['day', { day: '2026-11-05', start: '2026-11-01' }, 'the input has an unknown key "start"; expected day, force'],
    ['day', { day: '2026-11-05', rollback: true, force: true }, 'rollback and force are both given'],
    ['day', { day: '2026-11-05', rollback: true, generation: '2' }, 'generation is "2"; expected a whole number, 1 or'],
    [
      'day',
      { day: '2026-11-05', rollback: true, generation: 0 },
      'generation is 0; expected a whole number, 1 or more',
    ],
    ['day', { day: '2026-11-05', generation: 2 }, 'generation is given without rollback; expected "rollback": true'],
    ['day', { day: '2026-11-05', toEmpty: true }, 'toEmpty is given without rollback; expected "rollback": true'],
    [
      'day',
      { day: '2026-11-05', rollback: true, toEmpty: true, generation: 2 },
      'generation and toEmpty are both given',
    ],
    ['day', { day: '2026-11-05', waiting: 'long' }, 'waiting is "long"; expected an ISO instant'],
    ['day', { day: '2026-11-05', allowEmpty: 'no' }, 'allowEmpty is "no"; expected true or false, without quotes'],
    ['day', { day: '2026-11-05', rollback: true, allowEmpty: true }, 'rollback and allowEmpty are both given'],
    ['day', { day: '2026-11-05', replaceFolder: true, keepVanished: true }, 'they contradict each other'],
    ['nightly', null, 'the input is null; expected an object'],
    ['nightly', { days: '2026-11-05' }, 'the input has an unknown key "days" (did you mean day?); expected day'],
    ['nightly', { day: '' }, 'day is ""; expected a date that exists'],
    ['backfill', { start: '2026-11-01' }, 'end is missing; expected a date that exists'],
    ['backfill', { ...RANGE, end: '2026-11-31' }, 'end is "2026-11-31"; expected a date that exists'],
    ['backfill', { start: RANGE.end, end: RANGE.start }, 'start 2026-11-30 is after end 2026-11-01'],
    ['backfill', { ...RANGE, concurrency: '4' }, 'concurrency is "4"; expected a whole number from 1 to 64'],
    ['backfill', { ...RANGE, concurrency: 0 }, 'concurrency is 0; expected a whole number from 1 to 64'],
    ['backfill', { ...RANGE, replaceFolder: true, keepVanished: true }, 'they contradict each other'],
    ['backfill', { ...RANGE, reprocess: 'every' }, 'reprocess is "every"; expected none, failed, all'],
    ['backfill', { ...RANGE, failfast: true }, 'unknown key "failfast" (did you mean failFast?)'],
    ['backfill', { ...RANGE, force: false, reprocess: 'all' }, 'force is false and reprocess is "all"'],
    ['backfill', { ...RANGE, state: { ...STATE, phase: 'done' } }, 'phase is "done"; expected range, later'],
    ['backfill', { ...RANGE, state: { ...STATE, counts: {} } }, 'published is missing; expected a whole number'],
    ['backfill', { ...RANGE, state: { ...STATE, failed: [{ day: 'x' }] } }, 'day is "x"; expected a date'],
    [
      'backfill',
      { ...RANGE, state: { ...STATE, failed: [{ ...STATE.failed[0], reason: 3 }] } },
      'reason is 3; expected a',
    ],
    ['day', { day: '2026-11-05', erase: '0123-4567', force: true }, 'erase and force are both given'],
    ['day', { day: '2026-11-05', erase: '0123-4567', gated: true }, 'erase and gated are both given'],
  ] as const)('%s %j', (type, input, message) => {
    expect(wrong(type, input)).toContain(`Workflow ${type}: `);
    expect(wrong(type, input)).toContain(message);
  });
});

test.each([
  [
    'day',
    { day: '2026-11-09', rollback: 'no' },
    `--type day --task-queue daybook-shop --workflow-id daybook/shop/day/2026-11-09 --input '{"day":"2026-11-09"}'`,
  ],
  [
    'nightly',
    { day: 'yesterday' },
    `--type nightly --task-queue daybook-shop --workflow-id daybook/shop/nightly --input '{"day":"2026-11-05"}'`,
  ],
  [
    'backfill',
    { start: '2026-11-30', end: '2026-11-01' },
    `--type backfill --task-queue daybook-shop --workflow-id daybook/shop/backfill/2026-11-01_2026-11-30 ` +
      `--input '{"start":"2026-11-01","end":"2026-11-30"}'`,
  ],
  [
    'backfill',
    { start: '2026-11-01', ende: '2026-11-30' },
    `--type backfill --task-queue daybook-shop --workflow-id daybook/shop/backfill/2026-11-01_2026-11-30 ` +
      `--input '{"start":"2026-11-01","end":"2026-11-30"}'`,
  ],
] as const)('the right line of a %s comes last, and is itself accepted', (type, input, line) => {
  const message = wrong(type, input) ?? '';
  expect(message.endsWith(`Start it with: temporal workflow start --fail-existing ${line}`)).toBe(true);
  expect(wrong(type, JSON.parse(/--input '(.*)'$/.exec(message)?.[1] ?? ''))).toBeUndefined();
});

test('a long value is not repeated whole', () => {
  expect(wrong('day', { day: 'x'.repeat(10_000) })?.length).toBeLessThan(600);
});

/** For every field of an object, values of each kind that it has; a new field has to be added. */
type Values<Of> = { readonly [Field in keyof Required<Of>]: readonly Of[Field][] };

/** An object for each of the values, which differs from `base` in that one. */
const each = <Of extends object>(base: Of, values: Values<Of>): Of[] =>
  Object.entries<readonly unknown[]>(values).flatMap(([field, list]) =>
    list.map((value) => ({ ...base, [field]: value })),
  );

const DAY = '2026-11-05';
const OUTCOMES = Object.keys(STATE.counts) as FailedDay['outcome'][];
const REASON = sentence('Test a found 3 rows. Once fixed, run: ', command.run(DAY));

const FAILED = each<FailedDay>(
  { day: DAY, outcome: 'failed', step: 'test', reason: 'cancelled' },
  {
    ...{ day: [DAY], outcome: OUTCOMES, step: ['', 'load'], type: [undefined, 'TestFailed'] },
    reason: ['', 'a reason', REASON, clippedText(REASON, 20)],
  },
);

const STATES = each<BackfillState>(STATE, {
  phase: ['range', 'later'],
  next: [DAY],
  total: [0, 400],
  counts: [{ ...STATE.counts, published: 200 }],
  rows: [0, 2 ** 40],
  failed: [[], FAILED],
  paused: [true, false],
  concurrency: [1, 64],
  later: [null, { first: '2026-12-01', last: '2026-12-06' }],
  since: [new Date().toISOString()],
  idle: [0, 12_345],
});

const BACKFILLS = STATES.flatMap((state) =>
  each<BackfillInput>(
    { ...RANGE, state },
    {
      ...{ start: [RANGE.start], end: [RANGE.end], force: [undefined, true, false], concurrency: [undefined, 64] },
      ...{ reprocess: [undefined, 'none', 'failed', 'all'], failFast: [undefined, true, false] },
      ...{ replaceFolder: [true], keepVanished: [true], allowEmpty: [true], state: [state] },
    },
  ),
);

const ERASURE = '0b5c4f0e-2f4b-4c6e-9a52-0d6b1f6f0a11';

/** What a day is started with: by a person, the schedule, a backfill, an erasure. */
const STARTED: DayInput[] = [
  { day: DAY },
  { day: DAY, wait: true },
  { day: DAY, complete: true },
  { day: DAY, force: true },
  { day: DAY, compare: true },
  { day: DAY, retry: 'a dictionary' },
  { day: DAY, code: true, force: true, gated: true },
  { day: DAY, code: true, gated: true, keepVanished: true, allowEmpty: true },
  { day: DAY, replaceFolder: true },
  { day: DAY, erase: ERASURE },
];

/** What a day adds when it continues as new. */
const CONTINUED: Partial<DayInput>[] = [
  { gated: false, waiting: new Date().toISOString() },
  { gated: false, wait: false, complete: false },
  { gated: true, wait: false, complete: false },
  { gated: false, wait: false, complete: false, relisted: true },
  { gated: false, wait: false, complete: false, moves: 3 },
];

/** Of an erasure: it neither waits nor loads nor is gated, and only moves to another node. */
const isPossible = (input: DayInput) =>
  input.erase === undefined || (!input.gated && !input.relisted && !input.waiting);

const DAYS = [...STARTED, ...STARTED.flatMap((input) => CONTINUED.map((more) => ({ ...input, ...more })))].filter(
  isPossible,
);

const ERASURES: EraseInput[] = [{ id: ERASURE }];

test.each([
  ['day', DAYS],
  ['backfill', BACKFILLS],
  ['erase', ERASURES],
] as const)('every input that a workflow itself gives to a %s is accepted', (type, inputs) => {
  for (const input of inputs) {
    // As it is read from the history.
    const received = JSON.parse(JSON.stringify(input)) as unknown;
    expect(wrong(type, received), JSON.stringify(input)).toBeUndefined();
  }
});
