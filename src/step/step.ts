import { activityInfo, Context } from '@temporalio/activity';
import { ZodError } from 'zod';
import type { RunOptions } from '../clickhouse/client.js';
import { final, isFinal, messageOf } from '../errors.js';
import { clipped } from '../shared/format.js';
import { attemptName } from '../shared/names.js';
import type { Dependencies } from './dependencies.js';

/** What an attempt at a step knows of itself. */
export interface Step {
  signal: AbortSignal;
  /** Marks everything that this attempt writes: `<run>-<activity>-<attempt>`. */
  attempt: string;
  /** Handles of all attempts at this step start with this; see {@link RunOptions.handle}. */
  handle: string;
  /** How to run a statement that may take long: under this attempt's handle, ended when the step is cancelled. */
  statement(what: string, more?: Pick<RunOptions, 'database' | 'zone'>): RunOptions;
  /** What the last heartbeat told; also proves to Temporal that the process lives. */
  tell(progress: string): void;
}

/** What a written step answers; {@link asActivity} adds how long it took. */
export type Answer<Result extends { ms: number }> = Promise<Omit<Result, 'ms'>>;

const HEARTBEAT_SHARE = 3;
const DEFAULT_HEARTBEAT = 30_000;

/**
 * Makes an activity of a written step: heartbeats on a timer, names its attempt, ends what older attempts left running, turns an
 * abort into Temporal's own reason (anything else would end the workflow as failed instead of cancelled) and measures itself.
 *
 * @param options `statements` is false for a step that runs none in the engine, and so must not depend on it
 */
export function asActivity<Input, Made extends object>(
  deps: Dependencies,
  verb: string,
  written: (deps: Dependencies, input: Input, step: Step) => Promise<Made>,
  { statements = true }: { statements?: boolean } = {},
) {
  return async (input: Input): Promise<Made & { ms: number }> => {
    const context = Context.current();
    const { activityId, attempt, workflowExecution, heartbeatTimeoutMs } = activityInfo();
    const signal = context.cancellationSignal;
    const started = performance.now();
    const handle = `${workflowExecution?.workflowId ?? 'local'}/${workflowExecution?.runId ?? 'local'}/${activityId}/`;
    let told = verb;
    const beat = setInterval(
      () => {
        context.heartbeat(told);
      },
      (heartbeatTimeoutMs ?? DEFAULT_HEARTBEAT) / HEARTBEAT_SHARE,
    );
    const step: Step = {
      signal,
      attempt: attemptName(workflowExecution?.runId ?? 'local', activityId, attempt),
      handle,
      statement: (what, more = {}) => ({ ...more, what, signal, handle: `${handle}${attempt}` }),
      tell: (progress) => {
        told = progress;
        context.heartbeat(told);
      },
    };
    try {
      // An attempt that timed out may still be writing: it is ended, and seen gone, before this one starts.
      if (attempt > 1 && statements) await deps.clickhouse.endQueries(handle, { signal });
      return { ...(await written(deps, input, step)), ms: Math.round(performance.now() - started) };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw shortened(asFailure(error, verb));
    } finally {
      clearInterval(beat);
    }
  };
}

/** A step outside of Temporal, for a command that runs one that changes nothing. */
export function localStep({ ledger }: Dependencies): Step {
  const { signal } = new AbortController();
  const handle = `daybook/${ledger.project}/local/`;
  const statement: Step['statement'] = (what, more = {}) => ({ ...more, what, handle });
  return { signal, attempt: 'local', handle, statement, tell: () => undefined };
}

/** A history keeps every failure several times; an engine's message can hold a whole statement, or a row. */
const LONGEST_MESSAGE = 2_000;

/** Cuts the messages of an error and its causes, and the copies of them that lead their stack traces. */
function shortened(error: unknown): unknown {
  for (let one = error; one instanceof Error; one = one.cause) {
    const { message } = one;
    if (message.length <= LONGEST_MESSAGE) continue;
    one.message = clipped(message, LONGEST_MESSAGE);
    if (one.stack !== undefined) one.stack = one.stack.replace(message, () => clipped(message, LONGEST_MESSAGE));
  }
  return error;
}

/** Errors that only a programmer can mend are final; unknown ones stay retryable. */
function asFailure(error: unknown, verb: string): unknown {
  if (isFinal(error)) return error;
  const bug =
    error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof SyntaxError ||
    error instanceof ZodError;
  // Node reports a refused or broken connection of fetch as a TypeError.
  if (bug && !(error instanceof TypeError && error.message === 'fetch failed'))
    return final('Bug', `${verb}: ${messageOf(error)}`, { cause: error });
  return error;
}
