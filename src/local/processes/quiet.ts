import { execFile } from 'node:child_process';

/** How a program ended. */
export interface QuietEnd {
  /** It could not be started, was killed, or its exit code was not 0. */
  failed: boolean;
  /** What it wrote to stdout, then what it wrote to stderr. */
  output: string;
}

/** Starts a program without input, and collects what it prints. `ended` never rejects. */
export function startQuietly(
  file: string,
  args: readonly string[],
  options: { env: Record<string, string>; timeoutMs?: number },
): { kill: () => void; ended: Promise<QuietEnd> } {
  const stop = new AbortController();
  const ended = new Promise<QuietEnd>((resolve) => {
    const limits = { timeout: options.timeoutMs ?? 0, killSignal: 'SIGKILL', signal: stop.signal } as const;
    const child = execFile(file, args, { env: options.env, ...limits }, (error, stdout, stderr) => {
      resolve({ failed: error !== null, output: `${stdout}${stderr}` });
    });
    child.stdin?.end();
  });
  return {
    kill: () => {
      stop.abort();
    },
    ended,
  };
}
