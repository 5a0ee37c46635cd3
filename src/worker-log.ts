import { ApplicationFailure } from '@temporalio/common';
import type { LogEntry } from '@temporalio/worker';
import type { Logger } from 'pino';
import { isFinal, messageOf } from './errors.js';
import { durationText } from './shared/format.js';

/** One line of a worker's log. */
export interface WorkerLine {
  level: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  message: string;
  fields: Record<string, string | number | boolean>;
}

/** Warnings that every healthy worker prints, because each half serves one kind of task. */
const SAID_OF_ALL = /^No (workflows|activities|Nexus services) registered/;
/**
 * Internal messages of the SDK. The leftover tasks are queries to a run that was just evicted from the worker's cache; the server sends
 * them again, but the SDK warns.
 */
const MACHINERY =
  /^(Worker state changed|Workflow bundle created|Webpack|asset |cacheable modules|modules by path|There were leftover buffered tasks)/;

/**
 * Translates a line of Temporal's runtime to a line with the day and the step; undefined if it means nothing to people. A failed
 * day is an error, a retried step is a warning.
 */
export function workerLine({
  level,
  message,
  meta = {},
}: Pick<LogEntry, 'level' | 'message' | 'meta'>): WorkerLine | undefined {
  if (SAID_OF_ALL.test(message)) return undefined;
  const { activityType, workflowId, workflowType, runId, workflowRunId, attempt, durationMs, error } = meta;
  const what = error === undefined ? '' : `: ${oneLine(messageOf(error))}`;
  const of = typeof workflowId === 'string' ? (workflowId.split('/').at(-1) ?? workflowId) : '';
  const fields = scalars({ workflow_id: workflowId, run_id: runId ?? workflowRunId, attempt });
  const line = (as: WorkerLine['level'], text: string): WorkerLine => ({ level: as, message: text, fields });
  const step = `${of} ${String(activityType)}`;
  switch (message) {
    case 'Activity started':
      return line('debug', `${step} started`);
    case 'Activity completed':
      return line('info', `${step} done${typeof durationMs === 'number' ? ` (${durationText(durationMs)})` : ''}`);
    case 'Activity failed':
      // The day's own failure repeats it, with the command to type.
      return isFinal(error)
        ? line('debug', `${step} failed${what}`)
        : line('warn', `${step} failed at attempt ${String(attempt)} and may be retried${what}`);
    case 'Activity completed as cancelled':
      return line('info', `${step} cancelled`);
    case 'Workflow started':
      return line('info', `${of} started (${String(workflowType)})`);
    case 'Workflow completed':
      return line('info', `${of} is done`);
    case 'Workflow completed as cancelled':
      return line('info', `${of} was cancelled`);
    case 'Workflow failed':
      return {
        level: 'error',
        message: error === undefined ? `${of} failed` : oneLine(messageOf(error)),
        fields: { ...fields, ...failedFields(workflowId, error) },
      };
    default: {
      const as = MACHINERY.test(message) ? 'debug' : (level.toLowerCase() as WorkerLine['level']);
      return { level: as, message: oneLine(message) + what, fields };
    }
  }
}

/** The project, day, step and table of a failed run, to filter the log by. */
function failedFields(workflowId: unknown, error: unknown): WorkerLine['fields'] {
  const [, project, kind, of] = typeof workflowId === 'string' ? workflowId.split('/') : [];
  const details =
    error instanceof ApplicationFailure ? (error.details?.[0] as Record<string, unknown> | undefined) : {};
  return scalars({
    project,
    day: kind === 'day' ? of : details?.['day'],
    step: details?.['step'],
    type: details?.['type'],
    table: details?.['table'],
  });
}

/** Forwards the lines of Temporal's runtime to a log. */
export const runtimeLog =
  (log: Logger, { failedRuns }: { failedRuns: boolean }) =>
  (entry: LogEntry): void => {
    const line = workerLine(entry);
    if (line && (failedRuns || entry.message !== 'Workflow failed')) log[line.level](line.fields, line.message);
  };

const oneLine = (text: string): string => text.trim().replaceAll(/\s*\n\s*/g, ' ');

const scalars = (values: Record<string, unknown>): WorkerLine['fields'] =>
  Object.fromEntries(
    Object.entries(values).filter(
      (entry): entry is [string, string | number] => typeof entry[1] === 'string' || typeof entry[1] === 'number',
    ),
  );
