import { EventEmitter, once } from 'node:events';
import type { WorkflowHandle } from '@temporalio/client';
import { Listr } from 'listr2';
import { command } from '../../../shared/commands.js';
import type { DayProgress } from '../../../shared/workflows.js';
import { typed } from '../output.js';
import { line, watchDay, type DayEnd } from './watch.js';

/** The steps of every build; waiting and recovery show on the line of the next one. */
const STEPS = ['recover', 'list', 'normalize', 'load', 'refresh', 'test', 'publish', 'sweep'];

const daySilence = () => `no worker responds: the day waits for one (${typed(command.worker())})`;

/** Shows a day on a terminal: a line for each step with its result, and the progress of the running one. */
export async function showLive(handle: WorkflowHandle, end: Promise<DayEnd>): Promise<void> {
  const changes = new EventEmitter();
  let seen: DayProgress | undefined;
  let silent = false;
  let over = false;
  const watching = watchDay(handle, end, {
    see: (progress) => {
      seen = progress;
      silent = false;
      changes.emit('change');
    },
    silence: () => {
      silent = true;
      changes.emit('change');
    },
  }).finally(() => {
    over = true;
    changes.emit('change');
  });

  const tasks = STEPS.map((step) => ({
    title: step,
    task: async (_: unknown, task: { title: string; task: object }) => {
      for (;;) {
        const finished = seen?.steps.find((one) => one.step === step);
        if (finished) {
          task.title = line(finished);
          return;
        }
        if (over) break;
        task.title = silent ? `${step.padEnd(10)}${daySilence()}` : (runningText(seen) ?? step);
        await once(changes, 'change');
      }
      task.title = step;
      const ended = await end.catch(() => undefined);
      if (ended?.ok === false) throw new Error(step);
      // The day skipped this step, or continues in the background: hide its line. The library's own `skip` would leave it.
      Object.assign(task.task, { enabled: false });
    },
  }));
  const list = new Listr(tasks, {
    // The command handles Ctrl-C itself: the day continues without it.
    registerSignalListeners: false,
    rendererOptions: {
      showErrorMessage: false,
    },
  });
  // A failed step ends the list; the caller prints why.
  await list.run().catch(() => undefined);
  await watching;
}

const runningText = (progress: DayProgress | undefined): string | undefined =>
  progress && (progress.total > 1 ? `${progress.step.padEnd(10)}${progress.done} of ${progress.total}` : progress.step);
