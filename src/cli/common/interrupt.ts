import { note } from './output.js';

export const STOPPING = 'Stopping: running steps have up to 30 seconds to finish. Press Ctrl-C again to stop at once.';

/** The exit code of an interrupted process. */
const INTERRUPTED = 130;

/** Detaches at the first Ctrl-C from what runs in Temporal, after printing `message`; a second one ends the process at once. */
export function onInterrupt(message: string | undefined): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  // Keep the listener: without one, libraries that restore the terminal would end the process at the first Ctrl-C.
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    if (message !== undefined) note(message);
    controller.abort(new Error('interrupted'));
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  const release = () => void process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  return { signal: controller.signal, release };
}
