import { randomFrom } from '../../src/local/demo/random.js';
import { PHASES, type Phase, type StatementName } from '../faults/plan.js';

/** A statement of each step of a day, in their order. */
export const POINTS: readonly StatementName[] = [
  'planned record',
  'normalize',
  'rejects record',
  'chunk record',
  'load',
  'day account',
  'refresh',
  'test',
  'archive',
  'intent',
  'swap',
  'measure',
  'done record',
  'published record',
  'drop of the stage',
];

/** A fault of a cluster. Fault N of a seed is always the same. */
export interface ClusterFault {
  /** Where it strikes. */
  point: StatementName;
  /** Before the node has the statement, while it runs it, or when it is done and the worker does not know yet. */
  phase: Phase;
  /** The node that was sent the statement, or the other one. */
  victim: 'this node' | 'the other node';
  /** It is killed, or cut off: it fetches and applies nothing. */
  how: 'killed' | 'lagging';
  /** After this it is there again, in milliseconds. */
  awayFor: number;
  /** Milliseconds into a statement that is struck while it runs. */
  after: number;
}

/** The longest that a node is away, in milliseconds: longer than a step waits before its day moves to another node. */
const LONGEST_AWAY = 12_000;

export function clusterFault(seed: number, number: number): ClusterFault {
  const random = randomFrom(`cluster ${seed} ${number}`);
  const victim = random.pick(['this node', 'the other node'] as const);
  return {
    // Each round of faults has every point.
    point: POINTS[(number - 1 + seed) % POINTS.length] ?? 'swap',
    phase: random.pick(PHASES),
    victim,
    // The node that builds can't lag behind itself.
    how: victim === 'the other node' && random.chance(40) ? 'lagging' : 'killed',
    awayFor: random.below(LONGEST_AWAY),
    after: random.below(30),
  };
}

export const faultText = ({ point, phase, victim, how, awayFor }: ClusterFault): string =>
  `${victim} ${how} ${phase} '${point}', for ${(awayFor / 1000).toFixed(1)} s`;
