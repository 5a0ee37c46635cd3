import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChildSpec } from './launch-order.js';

/** A child that lived this long counts as one that works; what kills it later comes from outside. */
const HEALTHY_MS = 3_000;
/** So many short lives in a row mean that a restart does not help: a taken port, an unreadable database. */
const SHORT_LIVES = 4;

interface Owner {
  /** The child's pid changed, or there is none for now. */
  changed: () => void;
  report: (text: string) => void;
  /** The child cannot be kept alive. */
  failed: (reason: string) => void;
}

/** One process of the stack, started again on its own port when it dies. */
export class SupervisedChild {
  readonly spec: ChildSpec;
  readonly #dir: string;
  readonly #owner: Owner;
  #process: ChildProcess | undefined;
  #shortLives = 0;
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

  /** From now on the child is not restarted. */
  release(): void {
    this.#released = true;
  }

  /** Its output is appended to logs/<name>.log; its standard input is a pipe that closes with this process. */
  start(): void {
    if (this.#released) return;
    const { name, command, args, env } = this.spec;
    mkdirSync(join(this.#dir, 'logs'), { recursive: true });
    const log = openSync(join(this.#dir, 'logs', `${name}.log`), 'a');
    const started = Date.now();
    const child = spawn(command, args, { cwd: this.#dir, env, stdio: ['pipe', log, log] });
    closeSync(log);
    // A pipe that breaks with its child is told by 'exit'.
    child.stdin?.on('error', () => undefined);
    child.once('error', (error) => {
      if (child.pid === undefined) this.#ended(`could not be started: ${error.message}`, started);
    });
    child.once('exit', (code, signal) => {
      this.#ended(signal === null ? `ended with exit code ${code ?? '?'}` : `was ended by ${signal}`, started);
    });
    this.#process = child;
    this.#owner.changed();
  }

  #lastWords(): string {
    const log = readFileSync(join(this.#dir, 'logs', `${this.spec.name}.log`), 'utf8');
    return log.trim().split('\n').slice(-3).join('\n');
  }

  #ended(how: string, started: number): void {
    this.#process = undefined;
    if (this.#released) return;
    const { name } = this.spec;
    this.#shortLives = Date.now() - started < HEALTHY_MS ? this.#shortLives + 1 : 0;
    if (this.#shortLives >= SHORT_LIVES) {
      this.#owner.failed(`${name} ${how}, ${SHORT_LIVES} times in a row; its last words:\n${this.#lastWords()}`);
      return;
    }
    this.#owner.report(`${name} ${how}; starting it again`);
    this.#owner.changed();
    setTimeout(
      () => {
        this.start();
      },
      100 * 2 ** this.#shortLives,
    );
  }
}
