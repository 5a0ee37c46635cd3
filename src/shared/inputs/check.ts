import { EVER, isDay } from '../day.js';
import { clipped } from '../format.js';
import { workflowId } from '../names.js';
import { isText } from '../sentence.js';
import type {
  BackfillInput,
  BackfillState,
  DayInput,
  EraseInput,
  FailedDay,
  NightlyInput,
  Outcome,
} from '../workflows.js';
import { isConcurrency, MOST_CONCURRENCY, REPROCESS } from './backfill.js';
import type { VanishedChoice } from './choice.js';
import { meantBy } from './meant.js';

/*
 * Validates the inputs of the workflows strictly: people type them into the Web UI and the Temporal CLI, where a misspelt key or
 * `"false"` in quotes would otherwise silently mean something else. Written by hand, because a schema library would add a megabyte to
 * the workflow bundle.
 */

/** The input of each workflow, by the workflow's type. */
export interface Inputs {
  day: DayInput;
  nightly: NightlyInput;
  backfill: BackfillInput;
  erase: EraseInput;
}

/** Says what is wrong with the value of field `name`; undefined if nothing is. */
type Rule = (value: unknown, name: string) => string | undefined;

/** A rule for every field, so that a new field cannot be forgotten here. */
type Fields<Input> = Readonly<Record<keyof Required<Input>, Rule>>;

const is =
  (expected: string, holds: (value: unknown) => boolean): Rule =>
  (value, name) =>
    holds(value) ? undefined : `${name} is ${givenText(value)}; expected ${expected}`;

const optional =
  (rule: Rule): Rule =>
  (value, name) =>
    value === undefined ? undefined : rule(value, name);

const objectOf =
  <Input>(fields: Fields<Input>): Rule =>
  (value, name) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return `${name} is ${givenText(value)}; expected an object`;
    return unknownField(Object.keys(value), Object.keys(fields), name) ?? wrongField(value, fields);
  };

/** Says what is wrong with the first wrong field, by its own name without a path. */
const wrongField = <Input>(value: object, fields: Fields<Input>): string | undefined =>
  Object.entries<Rule>(fields)
    .map(([field, rule]) => rule((value as Record<string, unknown>)[field], field))
    .find((wrong) => wrong !== undefined);

function unknownField(keys: readonly string[], known: readonly string[], name: string): string | undefined {
  const key = keys.find((one) => !known.includes(one));
  if (key === undefined) return undefined;
  const meant = meantBy(key, known);
  const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`;
  return `${name} has an unknown key ${givenText(key)}${hint}; expected ${known.join(', ')}`;
}

/** Characters of a value that a message repeats. */
const LONGEST_SHOWN = 80;

const givenText = (value: unknown): string =>
  value === undefined ? 'missing' : clipped(JSON.stringify(value), LONGEST_SHOWN);

const flag = is('true or false, without quotes', (value) => typeof value === 'boolean');
const text = is('a text', (value) => typeof value === 'string');
const sentenceOrText = is('a text, or one with its commands', isText);
const count = is('a whole number, 0 or more', (value) => Number.isSafeInteger(value) && Number(value) >= 0);
const generation = is('a whole number, 1 or more', (value) => Number.isSafeInteger(value) && Number(value) >= 1);
const day = is(
  `a date that exists, written YYYY-MM-DD, from ${EVER.join(' to ')}`,
  (value) => typeof value === 'string' && isDay(value) && value >= EVER[0] && value <= EVER[1],
);
const instant = is(
  'an ISO instant, such as 2026-11-06T04:30:00.000Z',
  (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value)),
);
const erasure = is(
  'the id of an erasure, as `daybook erase` gives it',
  (value) => typeof value === 'string' && /^[0-9a-f-]{8,64}$/.test(value),
);
const concurrency = is(`a whole number from 1 to ${MOST_CONCURRENCY}`, isConcurrency);
const oneWordOf = (...names: readonly string[]): Rule =>
  is(names.join(', '), (value) => typeof value === 'string' && names.includes(value));

/** What a run does about vanished objects. */
const CHOICE: Fields<VanishedChoice> = {
  replaceFolder: optional(flag),
  keepVanished: optional(flag),
  allowEmpty: optional(flag),
};

const DAY: Fields<DayInput> = {
  day,
  force: optional(flag),
  wait: optional(flag),
  waiting: optional(instant),
  complete: optional(flag),
  rollback: optional(flag),
  generation: optional(generation),
  toEmpty: optional(flag),
  reason: optional(text),
  compare: optional(flag),
  code: optional(flag),
  retry: optional(text),
  erase: optional(erasure),
  relisted: optional(flag),
  moves: optional(count),
  gated: optional(flag),
  ...CHOICE,
};

const ERASE: Fields<EraseInput> = { id: erasure };

const NIGHTLY: Fields<NightlyInput> = { day: optional(day) };

const COUNTS: Fields<Record<Outcome, number>> = {
  published: count,
  unchanged: count,
  skipped: count,
  held: count,
  failed: count,
  cancelled: count,
  'rolled-back': count,
  different: count,
};

const FAILED: Fields<FailedDay> = {
  day,
  outcome: oneWordOf(...Object.keys(COUNTS)),
  step: text,
  type: optional(text),
  reason: sentenceOrText,
};

const STATE: Fields<BackfillState> = {
  phase: oneWordOf('range', 'later'),
  next: day,
  total: count,
  counts: objectOf(COUNTS),
  rows: count,
  failed: (value, name) =>
    Array.isArray(value)
      ? value.map((one: unknown) => objectOf(FAILED)(one, name)).find((wrong) => wrong !== undefined)
      : `${name} is ${givenText(value)}; expected a list`,
  paused: flag,
  concurrency,
  later: (value, name) => (value === null ? undefined : objectOf({ first: day, last: day })(value, name)),
  since: instant,
  idle: count,
};

const BACKFILL: Fields<BackfillInput> = {
  start: day,
  end: day,
  force: optional(flag),
  concurrency: optional(concurrency),
  reprocess: optional(oneWordOf(...REPROCESS)),
  failFast: optional(flag),
  ...CHOICE,
  state: optional(objectOf(STATE)),
};

/** Fields that a rollback cannot have: it builds nothing. */
const BUILDING = ['force', 'compare', 'code', 'retry', 'replaceFolder', 'keepVanished', 'allowEmpty'] as const;

/** Fields that an erasure may have: `moves` is added when its day moves to another node. */
const ERASING: readonly string[] = ['day', 'erase', 'moves'];

/** True for a field that asks for something: a day that continues as new names flags that are off. */
const isAsked = (value: unknown): boolean => value !== undefined && value !== false;

function wrongDay(input: DayInput): string | undefined {
  const other = Object.entries(input).find(([field, value]) => !ERASING.includes(field) && isAsked(value));
  if (input.erase !== undefined && other !== undefined)
    return `erase and ${other[0]} are both given; expected one of them, because an erasure builds nothing`;
  const target = (['generation', 'toEmpty'] as const).filter((field) => isAsked(input[field]));
  if (target[0] !== undefined && !input.rollback)
    return `${target[0]} is given without rollback; expected "rollback": true beside it, because it says what a rollback restores`;
  if (target.length > 1)
    return 'generation and toEmpty are both given; expected one of them, because they contradict each other';
  const beside = BUILDING.find((field) => isAsked(input[field]));
  return input.rollback && beside !== undefined
    ? `rollback and ${beside} are both given; expected one of them, because a rollback builds nothing`
    : wrongChoice(input);
}

/** The two answers to a rewritten folder exclude each other. */
const wrongChoice = ({ replaceFolder, keepVanished }: Partial<VanishedChoice>): string | undefined =>
  replaceFolder && keepVanished
    ? 'replaceFolder and keepVanished are both given; expected one of them, because they contradict each other'
    : undefined;

function wrongBackfill(input: BackfillInput): string | undefined {
  const { start, end, force, reprocess } = input;
  if (end < start) return `start ${start} is after end ${end}; expected the first day of the range, then the last`;
  // `force` is an older name for `reprocess: 'all'`.
  if (force !== undefined && reprocess !== undefined && force !== (reprocess === 'all'))
    return `force is ${force} and reprocess is "${reprocess}"; expected one of them, since force means "all"`;
  return wrongChoice(input);
}

/** Says what is wrong with the input of a workflow, without a full stop; undefined if nothing is. */
const wrongIn: { [Type in keyof Inputs]: (input: unknown) => string | undefined } = {
  day: (input) => objectOf(DAY)(input, INPUT) ?? wrongDay(input as DayInput),
  nightly: (input) => objectOf(NIGHTLY)(input, INPUT),
  erase: (input) => objectOf(ERASE)(input, INPUT),
  backfill: (input) => objectOf(BACKFILL)(input, INPUT) ?? wrongBackfill(input as BackfillInput),
};

const INPUT = 'the input';

/**
 * Says what is wrong with an input, and the command that starts the workflow correctly; undefined if nothing is wrong. The command
 * starts only a plain run, so that pasting it does no harm.
 *
 * @param queue the task queue of the workflow, which names its project
 */
export function wrongInput(type: keyof Inputs, input: unknown, queue: string): string | undefined {
  const wrong = wrongIn[type](input);
  if (wrong === undefined) return undefined;
  const { id, example } = exampleOf[type](input, queue.replace(/^daybook-/, ''));
  return (
    `Workflow ${type}: ${wrong}. Nothing was changed. Start it with: temporal workflow start --fail-existing --type ${type} ` +
    `--task-queue ${queue} --workflow-id ${id} --input '${JSON.stringify(example)}'`
  );
}

/** Returns the field, also under a misspelt key, if it is a day; otherwise an example. */
const dayField = (input: unknown, field: 'day' | 'start' | 'end', otherwise: string): string => {
  const given = Object.entries(input ?? {}) as [string, unknown][];
  const found = given.find(([key]) => key === field) ?? given.find(([key]) => meantBy(key, DAY_FIELDS) === field);
  const value = found?.[1];
  return typeof value === 'string' && day(value, field) === undefined ? value : otherwise;
};

const DAY_FIELDS = ['day', 'start', 'end'] as const;

const exampleOf: {
  [Type in keyof Inputs]: (input: unknown, project: string) => { id: string; example: Inputs[Type] };
} = {
  day: (input, project) => {
    const of = dayField(input, 'day', '2026-11-05');
    return { id: workflowId.day(project, of), example: { day: of } };
  },
  nightly: (input, project) => ({
    id: workflowId.nightly(project),
    example: { day: dayField(input, 'day', '2026-11-05') },
  }),
  erase: (_, project) => {
    const id = '00000000-0000-0000-0000-000000000000';
    return { id: workflowId.erase(project, id), example: { id } };
  },
  backfill: (input, project) => {
    const one = dayField(input, 'start', dayField(input, 'end', '2026-11-01'));
    const other = dayField(input, 'end', one);
    const [start, end] = one <= other ? [one, other] : [other, one];
    return { id: workflowId.backfill(project, start, end), example: { start, end } };
  },
};
