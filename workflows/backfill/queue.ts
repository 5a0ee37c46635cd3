import { CancellationScope, condition } from '@temporalio/workflow';
import { mayHavePublished } from '../../src/shared/backfill.js';
import type { Touched } from '../../src/shared/build.js';
import type { DayEnded } from '../../src/shared/workflows.js';
import { openSignal } from '../day/progress.js';
import { throwIfBug } from '../failures.js';
import type { StartedDay } from '../run-day.js';
import { MOST_IN_FLIGHT } from '../window.js';

/** Days in ascending order. Several run at once, but only one at a time builds its models and is published. */
export interface DayQueue {
  days: readonly string[];
  /** How many days may run at this moment. */
  width(): number;
  /** While true, no day is started. */
  paused(): boolean;
  /** Once true, no more days are started; running days finish. */
  closed(): boolean;
  /** Runs a day, gated or not. */
  run(day: string, gated: boolean, onStart: (child: StartedDay) => void): Promise<DayEnded>;
  onStart(day: string): void;
  /** Called for each day when it is done, in order. `stop` cancels running days and ends the queue. */
  onEnd(ended: DayEnded): 'go on' | 'stop';
}

/** A running day. */
interface Runner {
  day: string;
  /** An earlier day was published after this one had checked whether it is stale. */
  overtaken: boolean;
  /** Lets the day refresh its models and publish. */
  open(): void;
  /** End of the last run: an overtaken day may run twice. */
  ended: Promise<DayEnded>;
}

/**
 * Runs the days of a queue. Each is started as soon as there is room, normalizes and loads, then waits until the day before it is
 * done. Whatever ends the queue, its running days are awaited first.
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
      // It had nothing to do when it checked; an earlier day was published since.
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
  const sendOpen = () => {
    // The signal fails if the day has ended already; then it is not needed.
    if (gated && turn.open) turn.child?.signal(openSignal).catch(() => undefined);
  };
  const ended = queue.run(day, gated, (child) => {
    turn.child = child;
    sendOpen();
  });
  // A failure is handled when the day's turn comes or the queue ends; a bug is thrown at once.
  ended.catch(throwIfBug);
  return {
    day,
    overtaken: false,
    open: () => {
      turn.open = true;
      sendOpen();
    },
    ended,
  };
}

/** Says whether `day` may be stale after another day ended. Also after a recovered or interrupted publish: what it touched is unknown. */
export const overtakes = (ended: DayEnded, day: string): boolean =>
  ended.result === null ? mayHavePublished(ended) : ended.result.recovered || within(ended.result.touched, day);

const within = (touched: Touched | null, day: string): boolean =>
  touched !== null && touched.first <= day && day <= touched.last;
