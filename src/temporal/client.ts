import type * as Temporal from '@temporalio/client';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, defaultPayloadConverter, TerminatedFailure } from '@temporalio/common';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { Env } from '../env.js';
import { commandsOf, final, messageOf, passing } from '../errors.js';
import { required } from '../required.js';
import { backfillPrefix, workflowId } from '../shared/names.js';
import { sentence, type Text } from '../shared/sentence.js';
import type { BackfillInput } from '../shared/workflows.js';
import { startOrName } from '../unreachable.js';
import { EXPECTED_HOST, isHost, shownAddress } from './address.js';

const temporal = required('@temporalio/client') as typeof Temporal;

export const { ScheduleNotFoundError, WorkflowNotFoundError } = temporal;

/** Timeout of the first connection, in milliseconds. */
const CONNECT_TIMEOUT = 10_000;

/** Reads where Temporal is, from the same variables and file as the `temporal` CLI. */
export const temporalConfig = (env: Env['temporal']) => loadClientConnectConfig({ overrideEnvVars: env });

/**
 * Connects a client, with a timeout in milliseconds. The error of a refused connection names the address.
 *
 * @param chosen see {@link Env}
 * @throws a final BadConfig if the address is none
 */
export async function connectTemporal(env: Env['temporal'], within = CONNECT_TIMEOUT, chosen = false): Promise<Client> {
  const { connectionOptions, namespace } = temporalConfig(env);
  const { address } = connectionOptions;
  if (address !== undefined && !isHost(address))
    throw final(
      'BadConfig',
      `Temporal's address: found ${shownAddress(address)}, ${EXPECTED_HOST} Correct address in temporal.toml, or set TEMPORAL_ADDRESS.`,
    );
  try {
    const connection = await temporal.Connection.connect({ ...connectionOptions, connectTimeout: within });
    return new temporal.Client({ connection, ...(namespace === undefined ? {} : { namespace }) });
  } catch (error) {
    throw passing(
      sentence(
        `No Temporal server answers at ${address ?? 'localhost:7233'} (${messageOf(error)}). `,
        startOrName('TEMPORAL_ADDRESS', chosen),
      ),
      { cause: error },
    );
  }
}

/** How a workflow ended. */
export type End<Result> =
  | { ok: true; result: Result }
  | { ok: false; outcome: 'failed' | 'cancelled'; cause: Error | undefined; message: Text };

/** Awaits the end of a workflow; throws anything but its success, failure or cancellation. A terminated workflow counts as cancelled. */
export async function endOf<Result>(handle: WorkflowHandle): Promise<End<Result>> {
  try {
    return { ok: true, result: (await handle.result()) as Result };
  } catch (error) {
    if (!(error instanceof temporal.WorkflowFailedError)) throw error;
    const { cause } = error;
    const stopped = cause instanceof CancelledFailure || cause instanceof TerminatedFailure;
    const text = cause instanceof ApplicationFailure ? cause.message : messageOf(cause ?? error);
    const message = { text, commands: commandsOf(cause) };
    return { ok: false, outcome: stopped ? 'cancelled' : 'failed', cause, message };
  }
}

/**
 * Awaits the end of the workflow with this id, including runs that continue it; see {@link endOf}.
 *
 * @throws WorkflowNotFoundError if there is none; the client's error if the signal aborts.
 */
export const closeOf = <Result>(client: Client, workflowId: string, signal: AbortSignal): Promise<End<Result>> =>
  client.withAbortSignal(signal, () => endOf<Result>(client.workflow.getHandle(workflowId)));

/** True while a workflow with this id runs. */
export async function isRunning(client: Client, id: string): Promise<boolean> {
  try {
    return (await client.workflow.getHandle(id).describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** Returns the input of the newest run with this id; undefined if it had none. */
export async function inputOf(client: Client, id: string): Promise<unknown> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: { workflowId: id },
    maximumPageSize: 1,
  });
  const [payload] = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  return payload ? defaultPayloadConverter.fromPayload(payload) : undefined;
}

/** A day whose workflow is running. */
export interface RunningDay {
  day: string;
  workflowId: string;
  runId: string;
  /** ISO instant. */
  since: string;
}

/** Lists the project's running days from the server's visibility store, which may be a second behind. */
export async function runningDays(client: Client, project: string): Promise<RunningDay[]> {
  const prefix = workflowId.day(project, '');
  const query = `ExecutionStatus = 'Running' AND WorkflowId STARTS_WITH '${prefix}'`;
  const found: RunningDay[] = [];
  for await (const { workflowId: id, runId, startTime } of client.workflow.list({ query }))
    found.push({ day: id.slice(prefix.length), workflowId: id, runId, since: startTime.toISOString() });
  return found;
}

/** A backfill workflow, running or closed. */
export interface KnownBackfill {
  start: string;
  end: string;
  workflowId: string;
  /** As Temporal names it, such as `RUNNING`. */
  status: string;
}

/** Lists the project's backfills, newest first; closed ones while the namespace retains them. It may be a second behind. */
export async function knownBackfills(client: Client, project: string, running: boolean): Promise<KnownBackfill[]> {
  const prefix = backfillPrefix(project);
  const query = `WorkflowId STARTS_WITH '${prefix}'${running ? " AND ExecutionStatus = 'Running'" : ''}`;
  const found: KnownBackfill[] = [];
  for await (const { workflowId: id, status } of client.workflow.list({ query })) {
    const [start = '', end = ''] = id.slice(prefix.length).split('_');
    found.push({ start, end, workflowId: id, status: status.name });
    if (found.length === MOST_LISTED) break;
  }
  return found;
}

/** Backfills listed at most. */
const MOST_LISTED = 20;

/** What people have asked of a running backfill, whether a worker has read it yet or not. */
export interface Requests {
  paused: boolean;
  cancelling: boolean;
}

/** Reads from the server alone whether a running backfill is to pause or to end: without a worker, no query is answered. */
export async function requestsOf(client: Client, id: string): Promise<Requests> {
  const { raw } = await client.workflow.getHandle(id).describe();
  return { paused: await isPaused(client, id), cancelling: raw.workflowExtendedInfo?.cancelRequested ?? false };
}

/** Finds the newest signal that pauses or resumes the run; a run that continues another one has its state as input. */
async function isPaused(client: Client, id: string): Promise<boolean> {
  let nextPageToken: Uint8Array | null | undefined;
  do {
    const page = await client.workflowService.getWorkflowExecutionHistoryReverse({
      namespace: client.options.namespace,
      execution: { workflowId: id },
      ...(nextPageToken ? { nextPageToken } : {}),
    });
    const names = page.history?.events?.map((event) => event.workflowExecutionSignaledEventAttributes?.signalName);
    const newest = names?.find((name) => name === 'pause' || name === 'resume');
    if (newest !== undefined) return newest === 'pause';
    ({ nextPageToken } = page);
  } while (nextPageToken.length > 0);
  return ((await inputOf(client, id)) as BackfillInput | undefined)?.state?.paused ?? false;
}
