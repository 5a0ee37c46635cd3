import { performance } from 'node:perf_hooks';

/** Ctrl-C, or an end of the terminal. */
export class Interrupted extends Error {
  override name = 'Interrupted';
  readonly exitCode: number;
  constructor(exitCode: number) {
    super('interrupted');
    this.exitCode = exitCode;
  }
}

/** A shell's way to say by which signal a program ended. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** npm passes on a Ctrl-C that the terminal sent already: a signal this soon after the first, in milliseconds, is the same one. */
const ECHO = 500;

/**
 * Aborts its signal at the first Ctrl-C, so that what runs can end in order; a second one ends the process at once, and with it
 * the local stack that belongs to it.
 */
export function onInterrupt(say: () => void): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  for (const [name, exitCode] of Object.entries(EXIT_CODES))
    process.on(name, () => {
      if (controller.signal.aborted) {
        if (performance.now() - first > ECHO) process.exit(exitCode);
        return;
      }
      first = performance.now();
      say();
      controller.abort(new Interrupted(exitCode));
    });
  return controller.signal;
}

/** Rejects with the signal's reason once it aborts; what still runs is left behind. */
export const unlessAborted = async <T>(signal: AbortSignal, running: Promise<T>): Promise<T> =>
  await new Promise<T>((resolve, reject) => {
    signal.throwIfAborted();
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
    running.then(resolve, reject);
  });
