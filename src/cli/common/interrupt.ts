import { performance } from 'node:perf_hooks';
import { note } from './output.js';

export const STOPPING = 'Stopping: running steps get up to 30 seconds to end. Ctrl-C again ends at once.';

/** Ctrl-C, or the end of the terminal. */
export class Interrupted extends Error {
  override name = 'Interrupted';
  readonly exitCode: number;
  constructor(exitCode: number) {
    super('interrupted');
    this.exitCode = exitCode;
  }
}

/** A shell's way to say which signal ended a program. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** npm passes on a Ctrl-C that the terminal has sent already: the same signal this soon after the first, in milliseconds, is an echo. */
const ECHO = 500;

/**
 * Aborts its signal at the first Ctrl-C, so that what runs can end in order; a second one ends the process at once.
 *
 * @param report called, or noted, at the first
 */
export function onInterrupt(report: string | (() => void) | undefined): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  let first = 0;
  // The listeners stay: without them, libraries that restore the terminal would end the process with the first Ctrl-C.
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

/** Rejects with the signal's reason once it aborts; what is still running is abandoned. */
export const unlessAborted = async <T>(signal: AbortSignal, running: Promise<T>): Promise<T> =>
  await new Promise<T>((resolve, reject) => {
    signal.throwIfAborted();
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
    running.then(resolve, reject);
  });
