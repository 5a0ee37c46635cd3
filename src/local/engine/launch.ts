import { fileURLToPath } from 'node:url';

export interface EngineOptions {
  port: number;
  /** The data folder; made when missing. One process at a time. */
  path: string;
  /** Who may connect; everybody by default. */
  login?: { user: string; password: string };
  /** Limit of the engine's memory in bytes; nine tenths of the machine's by default. */
  memoryBytes?: number;
}

/** How many statements run at the same time; more wait. A waiting KILL would be of no use, so it is generous. */
const PARALLEL_STATEMENTS = 64;

/**
 * The command that starts an engine process (see main.ts), to be run with these variables and no others, so that neither
 * the engine nor its S3 client sees the user's environment, and with a pipe as stdin: the engine ends when it closes.
 */
export function engineCommand(options: EngineOptions): { file: string; args: string[]; env: Record<string, string> } {
  const main = fileURLToPath(import.meta.resolve(`./main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`));
  return {
    file: process.execPath,
    args: [
      // By its full address: a plain name would be looked up from the working directory, a user's project.
      ...(main.endsWith('.ts') ? ['--import', import.meta.resolve('tsx')] : []),
      main,
      ...['--port', String(options.port), '--path', options.path, '--exit-with-stdin'],
      ...(options.login ? ['--user', options.login.user, '--password', options.login.password] : []),
      ...(options.memoryBytes ? ['--memory', String(options.memoryBytes)] : []),
    ],
    // Node's pool of threads is 4 otherwise, and it cannot be changed from within: the loader has used it by then.
    env: { UV_THREADPOOL_SIZE: String(PARALLEL_STATEMENTS) },
  };
}

/** The line that the process prints on stdout when it accepts requests. */
export interface ReadyLine {
  ready: true;
  port: number;
  /** The engine's version, as `SELECT version()` gives it. */
  version: string;
}
