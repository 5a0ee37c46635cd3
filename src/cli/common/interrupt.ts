import { performance } from 'node:perf_hooks';
import { note } from './output.js';

export const STOPPING = 'Stopping: running steps have up to 30 seconds to finish. Press Ctrl-C again to stop at once.';

/** The user pressed Ctrl-C or closed the terminal. */
export class Interrupted extends Error {
  override name = 'Interrupted';
  readonly exitCode: number;
  constructor(exitCode: number) {
    super('interrupted');
    this.exitCode = exitCode;
  }
}

/** Exit codes by signal, as a shell reports them. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** npm repeats a Ctrl-C that the terminal has already sent: the same signal within this time, in milliseconds, is an echo. */
const ECHO = 500;

/**
 * Aborts the returned signal at the first Ctrl-C, for an orderly stop; a second one ends the process at once.
 *
 * @param report printed or called at the first Ctrl-C
 */
export function onInterrupt(report: string | (() => void) | undefined): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  let first = 0;
  // Keep the listeners: without them, libraries that restore the terminal would end the process at the first Ctrl-C.
  const listeners = Object.entries(EXIT_CODES).map(([name, exitCode]) => {
    const interrupt = () => {
      if (controller.signal.aborted) {
        if (performance.now() - first > ECHO) process.exit(exitCode);
        return;
      }
      first = performance.now();
      if (typeof report === 'string') note(report);
      else report?.();
      controller.abort(new Interrupted(exitCode));
    };
    process.on(name, interrupt);
    return () => void process.off(name, interrupt);
  });
  return {
    signal: controller.signal,
    release: () => {
      for (const remove of listeners) remove();
    },
  };
}

/** Rejects with the signal's reason once it aborts, without waiting for `running`. */
export const unlessAborted = async <T>(signal: AbortSignal, running: Promise<T>): Promise<T> =>
  await new Promise<T>((resolve, reject) => {
    signal.throwIfAborted();
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
    running.then(resolve, reject);
  });
