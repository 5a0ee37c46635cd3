// Over 300 lines: the list of all faults.
/*
 * The plan of faults: pure data. Fault N of seed S is always the same fault, whatever runs before it. The cells below are what
 * one full round covers; each round shuffles them again, and what a cell leaves open (a moment, a position, a length) is drawn from
 * the seed and the fault's number.
 */

export const VICTIMS = ['worker', 'clickhouse', 's3', 'temporal'] as const;
export type Victim = (typeof VICTIMS)[number];

/** The activities of a day, in the order of the night. */
export const STEPS = [
  'recover',
  'wait',
  'list',
  'normalize',
  'load',
  'refresh',
  'test',
  'publish',
  'conclude',
  'sweep',
] as const;
/** The activities of a rollback, in their order. */
export const ROLLBACK_STEPS = ['recover', 'planRollback', 'rollback', 'conclude', 'sweep'] as const;
export type Step = (typeof STEPS)[number] | (typeof ROLLBACK_STEPS)[number];

/** Around a request: before the server has it, while it works on it, when it is done and the client does not know yet. */
export const PHASES = ['before', 'during', 'after'] as const;
export type Phase = (typeof PHASES)[number];

/**
 * `first`: a day that looks back on a published one is built. `again`: a published day is built with objects that came late.
 * `rollback`: a day that was published twice is rolled back. `overlap`: two backfills build the same days.
 */
export type Scenario = 'first' | 'again' | 'rollback' | 'overlap';

/** Statements of a day by name, with how often each comes at least. */
export const STATEMENTS = {
  'planned record': 1,
  normalize: 2,
  'count of fates': 2,
  'rejects record': 1,
  'chunk account': 2,
  'chunk record': 2,
  load: 2,
  'day account': 2,
  refresh: 3,
  staging: 4,
  test: 1,
  'lookback copy': 1,
  archive: 4,
  intent: 1,
  swap: 5,
  measure: 2,
  'done record': 1,
  'published record': 1,
  'drop of the stage': 1,
  'hold record': 1,
  'rollback record': 1,
  restore: 5,
  'undone record': 1,
  'rolled-back record': 1,
} as const;
export type StatementName = keyof typeof STATEMENTS;

/** Requests of a day to the store by name, with how often each comes at least. The engine sends some of them by itself. */
export const REQUESTS = {
  listing: 4,
  'plan write': 1,
  'plan read': 1,
  'raw read': 2,
  'chunk write': 2,
  'chunk read': 2,
  'manifest write': 2,
  'manifest read': 2,
} as const;
export type RequestName = keyof typeof REQUESTS;

/** The `nth` statement or request of its name, counted from 1. */
export interface Point<Name extends string> {
  name: Name;
  nth: number;
}

/** `ms`: from the end of the day's first step; inside of a statement or request, from its arrival at the server. */
export type Moment =
  | { at: 'step'; step: Step }
  | { at: 'time'; ms: number }
  | { at: 'statement'; point: Point<StatementName>; phase: Phase; ms: number }
  | { at: 'request'; point: Point<RequestName>; phase: Phase; ms: number };

export type StoreTrouble = '503' | '500' | 'reset answer' | 'reset request' | 'trickle';

/** What happens to the world. Times in milliseconds. */
export type Trouble =
  | { kind: 'kill'; victims: readonly Victim[]; moment: Moment }
  /** The run is cancelled by hand. */
  | { kind: 'cancel'; moment: Moment }
  | { kind: 'store'; what: StoreTrouble; point: Point<RequestName>; ms: number }
  | { kind: 'full disk'; point: Point<StatementName>; ms: number }
  | { kind: 'out of memory'; point: Point<StatementName> }
  /** The client is cut off at once; the engine gets the statement `lateMs` later and runs it to its end. */
  | { kind: 'cut'; point: Point<StatementName>; lateMs: number }
  | { kind: 'object'; what: 'rewritten' | 'deleted'; phase: Phase };

export interface Fault {
  seed: number;
  /** Counted from 1. */
  number: number;
  scenario: Scenario;
  trouble: Trouble;
}

type Cell = (random: Random) => Trouble;

/** A cell whose trouble belongs to one scenario alone. */
interface Placed {
  cell: Cell;
  scenario?: Scenario;
}

const ALONE: readonly Victim[][] = VICTIMS.map((victim) => [victim]);
const PAIRS: readonly Victim[][] = VICTIMS.flatMap((one, index) =>
  VICTIMS.slice(index + 1).map((other) => [one, other]),
);

/** From the end of a day's first step, over all the others and a little longer, in milliseconds. */
const LONGEST_MOMENT = 2_500;

/** A statement of the ring takes so long, in milliseconds. */
const SHORT = 15;

const nthOf = <Name extends StatementName | RequestName>(name: Name, random: Random): Point<Name> => {
  const times: number = { ...STATEMENTS, ...REQUESTS }[name];
  return { name, nth: 1 + random.below(times) };
};

/** Each step's beginning and two moments, for each process and each pair of them. */
const KILLS: Cell[] = [...ALONE, ...PAIRS].flatMap((victims): Cell[] => [
  ...STEPS.map((step): Cell => () => ({ kind: 'kill', victims, moment: { at: 'step', step } })),
  ...[0, 1].map((): Cell => (random) => ({
    kind: 'kill',
    victims,
    moment: { at: 'time', ms: random.below(LONGEST_MOMENT) },
  })),
]);

/** Inside the steps, where an effect is half done, or done but not acknowledged. */
const KILLS_INSIDE: Cell[] = [
  ...(
    ['swap', 'swap', 'intent', 'done record', 'archive', 'load', 'refresh', 'lookback copy', 'normalize'] as const
  ).flatMap((name): Cell[] =>
    (name === 'swap' ? PHASES : PHASES.slice(1)).map((phase): Cell => (random) => ({
      kind: 'kill',
      victims: random.pick([['clickhouse'], ['worker'], ['worker', 'clickhouse']]),
      moment: { at: 'statement', point: nthOf(name, random), phase, ms: random.below(SHORT) },
    })),
  ),
  ...(['chunk account', 'chunk record', 'day account', 'drop of the stage', 'published record'] as const).map(
    (name): Cell =>
      (random) => ({
        kind: 'kill',
        victims: random.pick([['worker'], ['clickhouse']]),
        moment: {
          at: 'statement',
          point: nthOf(name, random),
          phase: random.pick(['during', 'after']),
          ms: random.below(SHORT),
        },
      }),
  ),
  ...(['chunk write', 'manifest write', 'raw read', 'plan write', 'chunk read'] as const).map(
    (name): Cell =>
      (random) => ({
        kind: 'kill',
        victims: random.pick([['s3'], ['worker'], ['worker', 's3']]),
        moment: { at: 'request', point: nthOf(name, random), phase: random.pick(PHASES), ms: random.below(SHORT) },
      }),
  ),
];

const STORE: Cell[] = [
  ...(['503', '500'] as const).flatMap((what) =>
    (['listing', 'raw read', 'chunk write', 'manifest write', 'chunk read'] as const).map((name): Cell => (random) => ({
      kind: 'store',
      what,
      point: nthOf(name, random),
      ms: 1_000 + random.below(3_000),
    })),
  ),
  ...(
    [
      ['reset answer', 'listing'],
      ['reset answer', 'raw read'],
      ['reset answer', 'chunk read'],
      ['reset answer', 'manifest read'],
      ['reset request', 'plan write'],
      ['reset request', 'chunk write'],
      ['reset request', 'manifest write'],
      ['trickle', 'listing'],
      ['trickle', 'raw read'],
      ['trickle', 'chunk read'],
      ['trickle', 'plan read'],
    ] as const
  ).map(([what, name]): Cell => (random) => ({
    kind: 'store',
    what,
    point: nthOf(name, random),
    ms: 500 + random.below(2_000),
  })),
];

const ENGINE: Cell[] = [
  ...(['normalize', 'load', 'refresh', 'intent', 'swap', 'chunk record'] as const).map((name): Cell => (random) => ({
    kind: 'full disk',
    point: nthOf(name, random),
    ms: 1_000 + random.below(2_000),
  })),
  ...(['normalize', 'count of fates', 'rejects record', 'load', 'refresh', 'test', 'measure'] as const).map(
    (name): Cell =>
      (random) => ({ kind: 'out of memory', point: nthOf(name, random) }),
  ),
  ...(
    [
      'normalize',
      'load',
      'refresh',
      'staging',
      'intent',
      'swap',
      'done record',
      'chunk record',
      'drop of the stage',
    ] as const
  ).map((name): Cell => (random) => ({
    kind: 'cut',
    point: nthOf(name, random),
    lateMs: random.pick([0, 0, 400, 1_500]),
  })),
];

const OBJECTS: Cell[] = (['rewritten', 'deleted'] as const).flatMap((what) =>
  PHASES.map((phase): Cell => () => ({ kind: 'object', what, phase })),
);

/** Statements of a rollback before or after which it is half done. */
const ROLLBACK_POINTS = ['hold record', 'rollback record', 'restore', 'undone record', 'rolled-back record'] as const;

const ROLLBACKS: Cell[] = [
  ...ALONE.flatMap((victims) =>
    ROLLBACK_STEPS.map((step): Cell => () => ({ kind: 'kill', victims, moment: { at: 'step', step } })),
  ),
  ...ROLLBACK_POINTS.flatMap((name) =>
    (name === 'restore' ? PHASES : PHASES.slice(1)).map((phase): Cell => (random) => ({
      kind: 'kill',
      victims: random.pick([['clickhouse'], ['worker'], ['worker', 'clickhouse']]),
      moment: { at: 'statement', point: nthOf(name, random), phase, ms: random.below(SHORT) },
    })),
  ),
  ...ROLLBACK_STEPS.map((step): Cell => () => ({ kind: 'cancel', moment: { at: 'step', step } })),
  ...ROLLBACK_POINTS.map((name): Cell => (random) => ({
    kind: 'cancel',
    moment: { at: 'statement', point: nthOf(name, random), phase: random.pick(PHASES), ms: random.below(SHORT) },
  })),
];

/** A run of a day is cancelled at each step, and where an effect is half done. */
const CANCELS: Cell[] = [
  ...STEPS.map((step): Cell => () => ({ kind: 'cancel', moment: { at: 'step', step } })),
  ...(['normalize', 'load', 'refresh', 'intent', 'swap', 'done record', 'published record'] as const).map(
    (name): Cell =>
      (random) => ({
        kind: 'cancel',
        moment: { at: 'statement', point: nthOf(name, random), phase: random.pick(PHASES), ms: random.below(SHORT) },
      }),
  ),
];

/** Two backfills that run at once. */
const OVERLAPS: Cell[] = ALONE.flatMap((victims) =>
  [0, 1].map((): Cell => (random) => ({
    kind: 'kill',
    victims,
    moment: { at: 'time', ms: random.below(2 * LONGEST_MOMENT) },
  })),
);

const CELLS: readonly Placed[] = [
  ...[KILLS, KILLS_INSIDE, STORE, ENGINE, OBJECTS, CANCELS].flat().map((cell) => ({ cell })),
  ...ROLLBACKS.map((cell) => ({ cell, scenario: 'rollback' as const })),
  ...OVERLAPS.map((cell) => ({ cell, scenario: 'overlap' as const })),
];

/** A run of so many faults meets each sort. */
export const WHOLE_RUN = 200;

/** Faults in a full run: at least all cells once. */
export const FULL_RUN = Math.max(WHOLE_RUN, CELLS.length);

/** The fault of this number. */
export function faultAt(seed: number, number: number): Fault {
  const round = Math.floor((number - 1) / CELLS.length);
  const placed = dealt(seed, round)[(number - 1) % CELLS.length];
  if (!placed) throw new RangeError(`expected a fault's number from 1 on, found ${number}`);
  const random = randomOf(seed, number);
  const trouble = placed.cell(random);
  return { seed, number, scenario: placed.scenario ?? scenarioOf(trouble, random), trouble };
}

/** The cells of a round in a chance order, in which each sort and each step comes early: also a part of a round meets all of them. */
function dealt(seed: number, round: number): Placed[] {
  const name = `${seed} ${round}`;
  const known = rounds.get(name) ?? deal(seed, round);
  rounds.set(name, known);
  return known;
}

const rounds = new Map<string, Placed[]>();

function deal(seed: number, round: number): Placed[] {
  const order = shuffled(CELLS, randomOf(seed, -1 - round));
  const met = new Set<string>();
  const early: Placed[] = [];
  const late: Placed[] = [];
  for (const placed of order) {
    const trouble = placed.cell(randomOf(seed, 0));
    const sorts = sortsOf({ trouble, scenario: placed.scenario ?? 'first' });
    (sorts.some((sort) => !met.has(sort)) ? early : late).push(placed);
    for (const sort of sorts) met.add(sort);
  }
  return [...early, ...late];
}

/** What a fault is counted as at the end of a run: what happens, and where. */
export function sortsOf({ trouble, scenario }: Pick<Fault, 'trouble' | 'scenario'>): string[] {
  const run = scenario === 'rollback' ? 'rollback' : scenario === 'overlap' ? 'overlapping backfills' : 'build';
  switch (trouble.kind) {
    case 'kill':
    case 'cancel': {
      const what = trouble.kind === 'cancel' ? ['cancel'] : trouble.victims.map((victim) => `kill ${victim}`);
      const where = trouble.moment.at === 'step' ? [`${trouble.kind} at ${trouble.moment.step}`] : [];
      const point = 'point' in trouble.moment ? [`${trouble.kind} at statement or request`] : [];
      return [...what, ...where, ...point].map((one) => `${run}: ${one}`);
    }
    case 'store':
      return [`${run}: store ${trouble.what}`];
    case 'object':
      return [`${run}: object ${trouble.what}`];
    default:
      return [`${run}: ${trouble.kind}`];
  }
}

/** All sorts that a whole run meets. */
export const allSorts = (): string[] =>
  [
    ...new Set(CELLS.flatMap(({ cell, scenario = 'first' }) => sortsOf({ trouble: cell(randomOf(0, 0)), scenario }))),
  ].sort();

/** Where a statement comes in one of the scenarios only, the scenario follows from it. */
function scenarioOf(trouble: Trouble, random: Random): Scenario {
  const name = pointOf(trouble)?.name;
  if (trouble.kind === 'object' || name === 'lookback copy') return 'first';
  if (name === 'archive') return 'again';
  return random.pick(['first', 'again']);
}

const pointOf = (trouble: Trouble): Point<StatementName | RequestName> | undefined => {
  if (trouble.kind === 'kill' || trouble.kind === 'cancel')
    return 'point' in trouble.moment ? trouble.moment.point : undefined;
  return 'point' in trouble ? trouble.point : undefined;
};

/** One fault of each wanted sort: the first in the seed's order for which the test holds. */
export function sample(seed: number, sorts: readonly ((fault: Fault) => boolean)[]): Fault[] {
  const all = Array.from({ length: CELLS.length }, (_, index) => faultAt(seed, index + 1));
  return sorts.map((sort) => {
    const found = all.find(sort);
    if (!found) throw new RangeError('no fault of this seed is of a wanted sort');
    return found;
  });
}

/** What happens, in words. */
export function wordsOf({ trouble, scenario }: Fault): string {
  const built = {
    first: '',
    again: ', on a day that is built again',
    rollback: ', in a rollback',
    overlap: ', in one of two overlapping backfills',
  }[scenario];
  return words(trouble) + built;
}

function words(trouble: Trouble): string {
  switch (trouble.kind) {
    case 'kill':
      return `kill ${trouble.victims.join(' and ')} ${whenOf(trouble.moment)}`;
    case 'cancel':
      return `cancel ${whenOf(trouble.moment)}`;
    case 'store':
      return `the store gives ${trouble.what} from the ${wordOf(trouble.point)} on, for ${trouble.ms} ms`;
    case 'full disk':
      return `the engine's disk is full from the ${wordOf(trouble.point)} on, for ${trouble.ms} ms`;
    case 'out of memory':
      return `the engine has no memory for the ${wordOf(trouble.point)}`;
    case 'cut':
      return `the client is cut off from the ${wordOf(trouble.point)}, which runs ${trouble.lateMs > 0 ? `${trouble.lateMs} ms late` : 'on'}`;
    case 'object':
      return `an object is ${trouble.what} ${trouble.phase} its reading`;
  }
}

function whenOf(moment: Moment): string {
  switch (moment.at) {
    case 'step':
      return `as ${moment.step} begins`;
    case 'time':
      return `after ${moment.ms} ms`;
    default:
      return `${moment.phase} the ${wordOf(moment.point)}`;
  }
}

const wordOf = ({ name, nth }: Point<string>) => `${name}${nth === 1 ? '' : ` number ${nth}`}`;

/** A stream of chance that depends on the seed and the number alone. */
interface Random {
  /** A whole number from 0 to below the limit. */
  below(limit: number): number;
  pick<Item>(items: readonly Item[]): Item;
}

function randomOf(seed: number, number: number): Random {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(number + 0x7f4a7c15, 0xc2b2ae35);
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return { below, pick: (items) => items[below(items.length)] as (typeof items)[number] };
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const dealt = [...items];
  for (let last = dealt.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    [dealt[last], dealt[other]] = [dealt[other] as Item, dealt[last] as Item];
  }
  return dealt;
}
