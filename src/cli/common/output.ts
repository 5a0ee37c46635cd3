/*
 * All that a command prints goes through here or through the two streams themselves; a command ends by `endProcess` alone. A
 * pipe takes 64 KiB at once and the rest as fast as its reader reads, so a process that just exits cuts its own output off.
 */

/** Results go to stdout; everything else goes to stderr. */
export const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

export const note = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

/** One JSON document on stdout and nothing else. */
export const printJson = (value: unknown): void => {
  print(JSON.stringify(value, null, 2));
};

/** A reader that has seen enough (`| head -1`), or a terminal that was closed. */
const GONE = new Set(['EPIPE', 'ECONNRESET', 'EIO']);

/** What went wrong with stdout, other than that its reader went away: a full disk. */
let broken: Error | undefined;

/**
 * Lets this process outlive the readers of its output: a command goes on when they go away, in silence, and ends with the exit
 * code that it would have had.
 */
export function survivesReaders(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (!GONE.has(error.code ?? '')) broken ??= error;
  });
  // There is no other place to say what is wrong with stderr.
  process.stderr.on('error', () => undefined);
}

/**
 * Ends the process once its readers have taken all output, or gone away.
 *
 * @param exitCode the default is `process.exitCode`; 2 where the output could not be written.
 */
export async function endProcess(exitCode = process.exitCode): Promise<never> {
  await written(process.stdout);
  if (broken) note(`The output could not be written: ${broken.message}. Free some space, or write it elsewhere.`);
  await written(process.stderr);
  // What a library left open, such as a call that it repeats, must not hold the process.
  process.exit(broken ? 2 : exitCode);
}

/** Resolves when everything that was written so far has arrived, or never can. */
const written = (stream: NodeJS.WriteStream) =>
  new Promise<void>((resolve) => {
    stream.write('', () => {
      resolve();
    });
  });
