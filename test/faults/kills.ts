import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { BackfillProgress, DayProgress } from '../../src/shared/workflows.js';
import type { Moment, Step, Victim } from './plan.js';
import { isRequest, isStatement, reaching, requestFrom } from './points.js';
import { around, settled, type Strike } from './strike.js';
import type { World } from './world.js';

/** Kills processes at a moment of the run. */
export const armKill = (world: World, victims: readonly Victim[], moment: Moment): Strike =>
  armAt(world, moment, () => world.kill(victims));

/** Cancels the run at a moment of it. */
export function armCancel(world: World, moment: Moment): Strike {
  let run: WorkflowHandle | undefined;
  const strike = armAt(world, moment, async () => {
    await run?.cancel();
  });
  return {
    ...strike,
    started: (handle, signal) => {
      run = handle;
      strike.started?.(handle, signal);
    },
  };
}

function armAt(world: World, moment: Moment, strike: () => Promise<void>): Strike {
  const { over, settle } = settled();
  const kill = () => {
    const done = strike();
    settle(done);
    return done;
  };
  switch (moment.at) {
    case 'statement': {
      const reached = reaching(moment.point, isStatement);
      world.intercept('statements', (passage) =>
        reached(passage.asked) ? around(passage, moment.phase, moment.ms, kill) : undefined,
      );
      return { over };
    }
    case 'request': {
      const reached = reaching(moment.point, isRequest);
      world.intercept(requestFrom(moment.point.name), (passage) =>
        reached(passage.asked) ? around(passage, moment.phase, moment.ms, kill) : undefined,
      );
      return { over };
    }
    case 'step':
      return {
        over,
        started: (handle, signal) => {
          stepBegins(handle, moment.step, signal)
            .then(kill)
            .catch(() => undefined);
        },
      };
    case 'time':
      return {
        over,
        started: (handle, signal) => {
          firstStepEnds(handle, signal)
            .then(() => sleep(moment.ms))
            .then(kill)
            .catch(() => undefined);
        },
      };
  }
}

/** Between two looks at a day that is starting, in milliseconds. */
const LOOK = 20;

/** A worker takes seconds to start, and a kill before that would prove little. */
async function firstStepEnds(handle: WorkflowHandle, signal: AbortSignal): Promise<void> {
  const progress = async () =>
    await handle.query<Partial<DayProgress & BackfillProgress>>('progress').catch(() => undefined);
  const begun = async () => {
    const { steps = [], running = [] } = (await progress()) ?? {};
    return steps.length > 0 || running.length > 0;
  };
  while (!(await begun())) await sleep(LOOK, undefined, { signal });
}

/** Follows the day's history until the step's first activity is scheduled. */
async function stepBegins({ client, workflowId }: WorkflowHandle, step: Step, signal: AbortSignal): Promise<void> {
  let nextPageToken: Uint8Array | undefined;
  while (!signal.aborted) {
    const page = await client.workflowService.getWorkflowExecutionHistory({
      namespace: client.options.namespace,
      execution: { workflowId },
      waitNewEvent: true,
      ...(nextPageToken ? { nextPageToken } : {}),
    });
    const begun = page.history?.events?.some(
      (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === step,
    );
    if (begun) return;
    if (page.nextPageToken.length === 0) throw new Error(`the day ended without ${step}`);
    nextPageToken = page.nextPageToken;
  }
}
