import { setMaxListeners } from 'node:events';
import { activityInfo, Context } from '@temporalio/activity';
import { ZodError } from 'zod';
import type { StatementOptions } from '../clickhouse/client.js';
import { final, isFinal, messageOf } from '../errors.js';
import { clipped } from '../shared/format.js';
import { attemptName } from '../shared/names.js';
import type { Dependencies } from './dependencies.js';
import { nodeOf, onItsNode } from './node.js';
import { judgeServerMemory } from './server-memory.js';

/** One attempt of a step. */
export interface Step {
  signal: AbortSignal;
  /** Part of the names of everything that this attempt writes: `<run>-<activity>-<attempt>`. */
  attempt: string;
  /** Prefix of the handles of all attempts of this step; see {@link StatementOptions.handle}. */
  handle: string;
  /** Returns the options to run a statement that may take long: with this attempt's handle, killed if the step is cancelled. */
  statement(what: string, more?: Pick<StatementOptions, 'database' | 'zone'>): StatementOptions;
  /** Sends a heartbeat with this progress, which later heartbeats repeat. */
  report(progress: string): void;
}

/** The result of a step's function; {@link asActivity} adds how long it took. */
export type Answer<Result extends { ms: number }> = Promise<Omit<Result, 'ms'>>;

/** See {@link asActivity}. */
interface StepOptions<Input> {
  statements?: boolean;
  rows?: boolean;
  pinned?: boolean;
  part?: (input: Input) => number;
}

const HEARTBEAT_SHARE = 3;
const DEFAULT_HEARTBEAT = 30_000;

/**
 * Makes an activity of a step's function: sends heartbeats on a timer, names the attempt, kills statements of earlier attempts, throws
 * Temporal's own reason when aborted (anything else would end the workflow as failed instead of cancelled) and measures the time.
 *
 * @param options `statements` is false for a step that runs no statements, and must work while ClickHouse is down; `rows` is true for
 * one that works through the rows of a day, and fails by name if the server has no memory for them; `pinned` is false for one that
 * works on any node of a cluster, although its input names the node of the build; `part` numbers the steps of a build that need no
 * stage, and may be spread over all nodes
 */
export function asActivity<Input, Made extends object>(
  deps: Dependencies,
  verb: string,
  written: (deps: Dependencies, input: Input, step: Step) => Promise<Made>,
  { statements = true, rows = false, pinned = true, part }: StepOptions<Input> = {},
) {
  return async (input: Input): Promise<Made & { ms: number }> => {
    const context = Context.current();
    const { activityId, attempt, workflowExecution, heartbeatTimeoutMs } = activityInfo();
    const signal = heardByMany(context.cancellationSignal);
    const started = performance.now();
    const handle = `${workflowExecution?.workflowId ?? 'local'}/${workflowExecution?.runId ?? 'local'}/${activityId}/`;
    let progress = verb;
    const beat = setInterval(
      () => {
        context.heartbeat(progress);
      },
      (heartbeatTimeoutMs ?? DEFAULT_HEARTBEAT) / HEARTBEAT_SHARE,
    );
    const step: Step = {
      signal,
      attempt: attemptName(workflowExecution?.runId ?? 'local', activityId, attempt),
      handle,
      statement: (what, more = {}) => ({ ...more, what, signal, handle: `${handle}${attempt}` }),
      report: (now) => {
        progress = now;
        context.heartbeat(progress);
      },
    };
    let own = deps;
    try {
      if (statements) own = await onItsNode(deps, pinned ? nodeOf(input) : undefined, attempt, part?.(input));
      // A zombie attempt may still be writing: its statements are killed, and have ended, before this one starts.
      if (attempt > 1 && statements) await own.clickhouse.endQueries(handle, { signal });
      return { ...(await written(own, input, step)), ms: Math.round(performance.now() - started) };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const failure = rows ? await judgeServerMemory(own.clickhouse, attempt, error) : error;
      throw shortened(asFailure(failure, verb));
    } finally {
      clearInterval(beat);
    }
  };
}

/** A step may list dozens of folders at once, each with a listener; Node warns of more than ten, as if they were never removed. */
function heardByMany(signal: AbortSignal): AbortSignal {
  setMaxListeners(0, signal);
  return signal;
}

/** Creates a step outside of Temporal, for a command that runs a read-only step. */
export function localStep({ ledger }: Dependencies): Step {
  const signal = heardByMany(new AbortController().signal);
  const handle = `daybook/${ledger.project}/local/`;
  const statement: Step['statement'] = (what, more = {}) => ({ ...more, what, handle });
  return { signal, attempt: 'local', handle, statement, report: () => undefined };
}

/** Characters. A history keeps every failure several times, and ClickHouse's messages may contain a whole statement or row. */
const LONGEST_MESSAGE = 2_000;

/**
 * For a failure that is retried. Temporal keeps the last one with the activity while it waits, and shows `Failure exceeds size limit`
 * in place of more than 4 KB (`limit.mutableStateActivityFailureSize.error`), stack trace included.
 */
const LONGEST_RETRIED = 1_000;

/** Shortens the messages of an error and its causes, also where stack traces repeat them. */
function shortened(error: unknown): unknown {
  const most = isFinal(error) ? LONGEST_MESSAGE : LONGEST_RETRIED;
  for (let one = error; one instanceof Error; one = one.cause) {
    const { message } = one;
    if (message.length <= most) continue;
    one.message = clipped(message, most);
    if (one.stack !== undefined) one.stack = one.stack.replace(message, () => clipped(message, most));
  }
  return error;
}

/** Makes errors that only a programmer can fix final; unknown ones stay retryable. */
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
