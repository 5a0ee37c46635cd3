import {
  Client,
  Connection,
  ScheduleNotFoundError,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { CancelledFailure, TerminatedFailure } from '@temporalio/common';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { workflowId } from '../core/names.js';
import type { Env } from '../env.js';
import { final, messageOf } from '../errors.js';
import { startOrName } from './unreachable.js';

export { ScheduleNotFoundError, WorkflowNotFoundError };

/** Search attributes that a day carries; all are Keywords. */
export const SEARCH_ATTRIBUTES = ['DaybookProject', 'DaybookDay', 'DaybookOutcome', 'DaybookKind'] as const;

/** How long a first connection may take, in milliseconds. */
const CONNECT_TIMEOUT = 10_000;

/** Where Temporal is, from the same variables and file that the `temporal` CLI reads. */
export const temporalConfig = (env: Env['temporal']) => loadClientConnectConfig({ overrideEnvVars: env });

/** Connects a client within so many milliseconds. A refused connection becomes an error that names the address. */
export async function connectTemporal(env: Env['temporal'], within = CONNECT_TIMEOUT): Promise<Client> {
  const { connectionOptions, namespace } = temporalConfig(env);
  try {
    const connection = await Connection.connect({ ...connectionOptions, connectTimeout: within });
    return new Client({ connection, ...(namespace === undefined ? {} : { namespace }) });
  } catch (error) {
    throw new Error(
      `No Temporal server answers at ${connectionOptions.address ?? 'localhost:7233'} (${messageOf(error)}). ` +
        startOrName('TEMPORAL_ADDRESS'),
      { cause: error },
    );
  }
}

/** Search attributes that the namespace lacks; undefined where the server doesn't tell (Temporal Cloud manages them elsewhere). */
export async function missingSearchAttributes(client: Client): Promise<string[] | undefined> {
  try {
    const { customAttributes } = await client.connection.operatorService.listSearchAttributes({
      namespace: client.options.namespace,
    });
    return SEARCH_ATTRIBUTES.filter((name) => !(name in customAttributes));
  } catch {
    return undefined;
  }
}

/** Throws where a workflow would hang because an attribute that it sets is unknown to the server. */
export async function assertSearchAttributes(client: Client): Promise<void> {
  const missing = (await missingSearchAttributes(client)) ?? [];
  if (missing.length > 0)
    throw final(
      'BadConfig',
      `The Temporal namespace ${client.options.namespace} lacks the search attributes ${missing.join(', ')}. Create them:\n` +
        missing.map((name) => `  temporal operator search-attribute create --name ${name} --type Keyword`).join('\n'),
    );
}

/**
 * Waits until a workflow has closed, in whatever way; runs that continue it are waited for too.
 *
 * @throws what the server answers where it knows no such workflow; the signal's abort as the client reports it.
 */
export async function closeOf(client: Client, workflowId: string, signal: AbortSignal): Promise<Closed> {
  try {
    const result: unknown = await client.withAbortSignal(signal, () => client.workflow.getHandle(workflowId).result());
    return { how: 'completed', result };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const stopped = error.cause instanceof CancelledFailure || error.cause instanceof TerminatedFailure;
    return { how: stopped ? 'cancelled' : 'failed' };
  }
}

/** How a workflow ended; a terminated one counts as cancelled, since a person did it. */
export type Closed = { how: 'completed'; result: unknown } | { how: 'failed' | 'cancelled' };

/** A day whose workflow runs now. */
export interface RunningDay {
  day: string;
  workflowId: string;
  runId: string;
  /** ISO instant. */
  since: string;
}

/** The project's days that run now, as far as the server's visibility store knows; it may be a second behind. */
export async function runningDays(client: Client, project: string): Promise<RunningDay[]> {
  const prefix = workflowId.day(project, '');
  const query = `ExecutionStatus = 'Running' AND WorkflowId STARTS_WITH '${prefix}'`;
  const found: RunningDay[] = [];
  for await (const { workflowId: id, runId, startTime } of client.workflow.list({ query }))
    found.push({ day: id.slice(prefix.length), workflowId: id, runId, since: startTime.toISOString() });
  return found;
}
