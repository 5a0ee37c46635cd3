import { CancellationScope, condition } from '@temporalio/workflow';
import { mayHavePublished } from '../src/shared/backfill.js';
import type { Touched } from '../src/shared/build.js';
import type { DayEnded } from '../src/shared/workflows.js';
import { throwIfBug } from './bugs.js';
import { openSignal } from './progress.js';
import type { StartedDay } from './run-day.js';
import { MOST_IN_FLIGHT } from './window.js';

/** Days in ascending order, of which several are under way and one at a time builds its models and is published. */
export interface DayQueue {
  days: readonly string[];
  /** How many may be under way at this moment. */
  width(): number;
  /** While it holds, no day is started. */
  paused(): boolean;
  /** Once it holds, no day is started any more; those under way are finished. */
  closed(): boolean;
  /** Runs a day, gated or not. */
  run(day: string, gated: boolean, onStart: (child: StartedDay) => void): Promise<DayEnded>;
  onStart(day: string): void;
  /** A day is done, in order. `stop` cancels those under way and ends the queue. */
  onEnd(ended: DayEnded): 'go on' | 'stop';
}

/** A day under way. */
interface Runner {
  day: string;
  /** An earlier day was published after this one had looked whether it is stale. */
  overtaken: boolean;
  /** Its turn has come. */
  open(): void;
  /** Of the run that counts: an overtaken day may have a second one. */
  ended: Promise<DayEnded>;
}

/**
 * Runs the days of a queue. Each is started as soon as there is room, normalizes and loads, and waits at its turn; the gates are
 * opened in order, each when the day before is done. Whatever ends the queue, its days are seen to end first.
 *
 * @returns how many days are done.
 */
export async function runQueue(queue: DayQueue): Promise<number> {
  const { days } = queue;
  const runners = new Map<number, Runner>();
  const scope = new CancellationScope();
  const at = { begun: 0, done: 0, stopped: false };

  const start = async () => {
    while (at.begun < days.length) {
      await condition(
        () => queue.closed() || (!queue.paused() && at.begun - at.done < Math.min(queue.width(), MOST_IN_FLIGHT)),
      );
      const day = days[at.begun];
      if (queue.closed() || day === undefined) return;
      runners.set(at.begun, startRunner(queue, day, at.begun > at.done));
      queue.onStart(day);
      at.begun++;
    }
  };
  const advance = async () => {
    for (; at.done < days.length && !at.stopped; at.done++) {
      await condition(() => at.begun > at.done || queue.closed());
      const runner = runners.get(at.done);
      if (!runner) return;
      runner.open();
      let ended = await runner.ended;
      // It had nothing to do when it looked, and may have now.
      if (ended.outcome === 'unchanged' && runner.overtaken) {
        runner.ended = queue.run(runner.day, false, () => undefined);
        ended = await runner.ended;
      }
      runners.delete(at.done);
      for (const other of runners.values()) other.overtaken ||= overtakes(ended, other.day);
      at.stopped = queue.onEnd(ended) === 'stop';
      if (at.stopped) scope.cancel();
    }
  };

  const drain = async () => {
    scope.cancel();
    await CancellationScope.nonCancellable(() => Promise.allSettled([...runners.values()].map(({ ended }) => ended)));
  };

  try {
    await scope.run(() => Promise.all([start(), advance()]));
  } catch (error) {
    throwIfBug(error);
    await drain();
    if (!at.stopped) throw error;
  }
  await drain();
  return at.done;
}

function startRunner(queue: DayQueue, day: string, gated: boolean): Runner {
  const turn: { open: boolean; child?: StartedDay } = { open: !gated };
  const tell = () => {
    // A day that has ended needs no opening.
    if (gated && turn.open) turn.child?.signal(openSignal).catch(() => undefined);
  };
  const ended = queue.run(day, gated, (child) => {
    turn.child = child;
    tell();
  });
  // It is awaited when its turn comes, or when the queue ends; a bug is not.
  ended.catch(throwIfBug);
  return {
    day,
    overtaken: false,
    open: () => {
      turn.open = true;
      tell();
    },
    ended,
  };
}

/** A mended publish is not known to have changed nothing; neither is one that may have come before its day's bad end. */
const overtakes = (ended: DayEnded, day: string): boolean =>
  ended.result === null ? mayHavePublished(ended) : ended.result.mended || within(ended.result.touched, day);

const within = (touched: Touched | null, day: string): boolean =>
  touched !== null && touched.first <= day && day <= touched.last;
