import { commandLine, type Command } from '../../shared/commands.js';
import { isCommand, isSentence, textFor, type Text } from '../../shared/sentence.js';

/*
 * Commands print through this module or the two streams themselves, and exit only through `endProcess`. A pipe buffers 64 KiB
 * and takes the rest as fast as its reader reads, so a process that just exits would truncate its own output.
 */

/** The `--project` of printed commands; undefined if they find the project without it. */
let projectFlag: string | undefined;

/** Sets the `--project` of commands that are printed from now on. */
export const printCommandsFor = (project: string | undefined): void => {
  projectFlag = project;
};

/** Formats a command as the user types it. */
export const typed = (command: Command): string => commandLine(command, projectFlag);

/** Formats a text with its commands as the user types them. */
export const worded = (text: Text): string => textFor(text, projectFlag);

/** Prints a result to stdout. */
export const print = (text: Text): void => {
  process.stdout.write(`${worded(text)}\n`);
};

/** Prints anything else to stderr. */
export const note = (text: Text): void => {
  process.stderr.write(`${worded(text)}\n`);
};

/** Prints one JSON document to stdout; sentences and commands in it are plain text. */
export const printJson = (value: unknown): void => {
  const readable = (_: string, one: unknown) => (isSentence(one) ? worded(one) : isCommand(one) ? typed(one) : one);
  process.stdout.write(`${JSON.stringify(value, readable, 2)}\n`);
};

/** Errors of a reader that stopped reading (`| head -1`), or of a closed terminal. */
const GONE = new Set(['EPIPE', 'ECONNRESET', 'EIO']);

/** A failure of stdout other than a reader that went away, such as a full disk. */
let broken: Error | undefined;

/**
 * Keeps this process running when a reader of its output goes away: the command continues in silence and ends with its usual
 * exit code.
 */
export function survivesReaders(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (!GONE.has(error.code ?? '')) broken ??= error;
  });
  // A failure of stderr cannot be reported anywhere.
  process.stderr.on('error', () => undefined);
}

/**
 * Ends the process once its readers have read all output, or have gone away.
 *
 * @param exitCode the default is `process.exitCode`; 2 if the output could not be written.
 */
export async function endProcess(exitCode = process.exitCode): Promise<never> {
  await written(process.stdout);
  if (broken) note(`The output could not be written: ${broken.message}. Free some space, or write it to another disk.`);
  await written(process.stderr);
  // Exit explicitly: a library may keep the process alive, for example with a call that it retries.
  process.exit(broken ? 2 : exitCode);
}

/** Resolves when all output so far has been delivered, or never can be. */
const written = (stream: NodeJS.WriteStream) =>
  new Promise<void>((resolve) => {
    stream.write('', () => {
      resolve();
    });
  });
