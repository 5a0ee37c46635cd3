import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChildSpec } from './launch-order.js';

/** A child that ran this long has started successfully. */
const HEALTHY_MS = 3_000;
/** Failed starts in a row after which restarting is pointless: a taken port, an unreadable database. */
const MAX_FAILED_STARTS = 4;

interface Owner {
  /** The child's pid changed, or there is none at the moment. */
  changed: () => void;
  report: (text: string) => void;
  /** The child cannot be kept alive. */
  failed: (reason: string) => void;
}

/** Runs one process of the stack, and restarts it on the same port when it dies. */
export class SupervisedChild {
  readonly spec: ChildSpec;
  readonly #dir: string;
  readonly #owner: Owner;
  #process: ChildProcess | undefined;
  #failedStarts = 0;
  #released = false;

  constructor(spec: ChildSpec, dir: string, owner: Owner) {
    this.spec = spec;
    this.#dir = dir;
    this.#owner = owner;
  }

  /** Undefined while the child is not running. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Stops restarting the child. */
  release(): void {
    this.#released = true;
  }

  /** Starts the child. Its output is appended to logs/<name>.log; its standard input is a pipe that closes with this process. */
  start(): void {
    if (this.#released) return;
    const { name, command, args, env } = this.spec;
    mkdirSync(join(this.#dir, 'logs'), { recursive: true });
    const log = openSync(join(this.#dir, 'logs', `${name}.log`), 'a');
    const started = Date.now();
    const child = spawn(command, args, { cwd: this.#dir, env, stdio: ['pipe', log, log] });
    closeSync(log);
    // 'exit' reports a child that dies with its pipe.
    child.stdin?.on('error', () => undefined);
    child.once('error', (error) => {
      if (child.pid === undefined) this.#ended(`could not be started: ${error.message}`, started);
    });
    child.once('exit', (code, signal) => {
      this.#ended(signal === null ? `exited with code ${code ?? '?'}` : `was killed by ${signal}`, started);
    });
    this.#process = child;
    this.#owner.changed();
  }

  #endOfLog(): string {
    const log = readFileSync(join(this.#dir, 'logs', `${this.spec.name}.log`), 'utf8');
    return log.trim().split('\n').slice(-3).join('\n');
  }

  #ended(how: string, started: number): void {
    this.#process = undefined;
    if (this.#released) return;
    const { name } = this.spec;
    this.#failedStarts = Date.now() - started < HEALTHY_MS ? this.#failedStarts + 1 : 0;
    if (this.#failedStarts >= MAX_FAILED_STARTS) {
      this.#owner.failed(
        `${name} ${how}, ${MAX_FAILED_STARTS} times in a row; the end of its log:\n${this.#endOfLog()}`,
      );
      return;
    }
    this.#owner.report(`${name} ${how}; restarting it`);
    this.#owner.changed();
    setTimeout(
      () => {
        this.start();
      },
      100 * 2 ** this.#failedStarts,
    );
  }
}
