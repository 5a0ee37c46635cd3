import { note } from './output.js';

export const STOPPING = 'Stopping: running steps get up to 30 seconds to end. Ctrl-C again ends at once.';

/** The exit code of a process that an interrupt ended. */
export const INTERRUPTED = 130;

/** The first Ctrl-C lets go of what runs, which goes on in Temporal; a second one ends the process at once. */
export function onInterrupt(say: string | undefined): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  // The listener stays: were it gone, libraries that restore the terminal would end the process with the first Ctrl-C.
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    if (say !== undefined) note(say);
    controller.abort(new Error('interrupted'));
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  const release = () => void process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  return { signal: controller.signal, release };
}
