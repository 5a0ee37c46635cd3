import { spawn } from 'node:child_process';

/**
 * Runs a program until it exits.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {object} options
 * @param {Record<string, string>} options.env its whole environment
 * @param {string} [options.cwd]
 * @param {number} options.timeoutMs it is killed after this long
 * @param {number} [options.firstLineMs] it is killed if it has printed nothing by then
 * @param {(line: string) => void} [options.onLine] called with the last line of each piece of output
 * @returns {Promise<void>}
 * @throws {Error} with the reason in one line: no such program, a timeout, or its last three lines
 */
export function runTool(command, args, { env, cwd, timeoutMs, firstLineMs, onLine }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    /** @type {string | undefined} */
    let late;
    /** @param {number} ms @param {string} reason */
    const killAfter = (ms, reason) =>
      setTimeout(() => {
        late = reason;
        child.kill('SIGKILL');
      }, ms);
    const end = killAfter(timeoutMs, `not done after ${timeoutMs / 1000} s`);
    const first =
      firstLineMs === undefined ? undefined : killAfter(firstLineMs, `no answer within ${firstLineMs / 1000} s`);
    /** @param {Buffer} chunk */
    const read = (chunk) => {
      clearTimeout(first);
      output = (output + chunk.toString('utf8')).slice(-4_096);
      onLine?.(lastLines(output, 1));
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    /** @param {Error} [error] */
    const settle = (error) => {
      clearTimeout(end);
      clearTimeout(first);
      if (error) reject(error);
      else resolve();
    };
    child.once('error', (error) => {
      settle('code' in error && error.code === 'ENOENT' ? new Error(`there is no \`${command}\` on PATH`) : error);
    });
    // Not 'close': a grandchild of a killed program may keep the pipes open.
    child.once('exit', (code, signal) => {
      if (code === 0) settle();
      else settle(new Error(late ?? `${command} ended with ${code ?? signal ?? '?'}: ${lastLines(output, 3)}`));
    });
  });
}

/** @param {string} text @param {number} count */
const lastLines = (text, count) => text.trim().split('\n').slice(-count).join(' / ');
