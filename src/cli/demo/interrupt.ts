import { performance } from 'node:perf_hooks';

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

/** npm repeats a Ctrl-C that the terminal has already sent: a signal within this time, in milliseconds, is the same one. */
const ECHO = 500;

/**
 * Aborts the returned signal at the first Ctrl-C, for an orderly stop; a second one ends the process and its local stack at once.
 */
export function onInterrupt(notify: () => void): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  for (const [name, exitCode] of Object.entries(EXIT_CODES))
    process.on(name, () => {
      if (controller.signal.aborted) {
        if (performance.now() - first > ECHO) process.exit(exitCode);
        return;
      }
      first = performance.now();
      notify();
      controller.abort(new Interrupted(exitCode));
    });
  return controller.signal;
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
