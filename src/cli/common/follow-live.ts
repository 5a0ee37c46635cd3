import { EventEmitter, once } from 'node:events';
import type { WorkflowHandle } from '@temporalio/client';
import { Listr } from 'listr2';
import { command } from '../../shared/commands.js';
import type { DayProgress } from '../../shared/workflows.js';
import { typed } from './output.js';
import { line, watch, type DayEnd } from './watch.js';

/** The steps that every build goes through; a step that waits or mends shows in the line of the next one. */
const STEPS = ['recover', 'list', 'normalize', 'load', 'refresh', 'test', 'publish', 'sweep'];

const silenceText = () => `no worker answers: the day waits until one does (${typed(command.worker())})`;

/** A day on a terminal: a line for each step, what it did once it has, and how far the running one is. */
export async function tellLive(handle: WorkflowHandle, end: Promise<DayEnd>): Promise<void> {
  const changes = new EventEmitter();
  let seen: DayProgress | undefined;
  let silent = false;
  let over = false;
  const watching = watch(handle, end, {
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
        const told = seen?.told.find((one) => one.step === step);
        if (told) {
          task.title = line(told);
          return;
        }
        if (over) break;
        task.title = silent ? `${step.padEnd(10)}${silenceText()}` : (running(seen) ?? step);
        await once(changes, 'change');
      }
      task.title = step;
      const ended = await end.catch(() => undefined);
      if (ended?.ok === false) throw new Error(step);
      // The day needed no more steps, or goes on unseen: their lines go. The library can only skip, which leaves a line.
      Object.assign(task.task, { enabled: false });
    },
  }));
  const list = new Listr(tasks, {
    // Ctrl-C is the command's to answer: the day goes on without it.
    registerSignalListeners: false,
    rendererOptions: {
      showErrorMessage: false,
    },
  });
  // A failed step ends the list; the caller tells why.
  await list.run().catch(() => undefined);
  await watching;
}

const running = (progress: DayProgress | undefined): string | undefined =>
  progress && (progress.total > 1 ? `${progress.step.padEnd(10)}${progress.done} of ${progress.total}` : progress.step);
