import { commandLine, type Command } from '../../shared/commands.js';
import { isCommand, isSentence, textFor, type Text } from '../../shared/sentence.js';

/*
 * All that a command prints goes through here or through the two streams themselves; a command ends by `endProcess` alone. A
 * pipe takes 64 KiB at once and the rest as fast as its reader reads, so a process that just exits cuts its own output off.
 */

/** The folder that printed commands have to name; undefined where a command typed here finds it by itself. */
let about: string | undefined;

/** Says which `--project` the commands carry that are printed from now on. */
export const printCommandsFor = (project: string | undefined): void => {
  about = project;
};

/** A command as it is typed here. */
export const typed = (command: Command): string => commandLine(command, about);

/** A text with its commands as they are typed here. */
export const worded = (text: Text): string => textFor(text, about);

/** Results go to stdout; everything else goes to stderr. */
export const print = (text: Text): void => {
  process.stdout.write(`${worded(text)}\n`);
};

export const note = (text: Text): void => {
  process.stderr.write(`${worded(text)}\n`);
};

/** One JSON document on stdout and nothing else; texts and commands in it are what people would read. */
export const printJson = (value: unknown): void => {
  const readable = (_: string, one: unknown) => (isSentence(one) ? worded(one) : isCommand(one) ? typed(one) : one);
  process.stdout.write(`${JSON.stringify(value, readable, 2)}\n`);
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
