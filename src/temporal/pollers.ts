import { hostname } from 'node:os';
import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';

/** A worker as the server sees it. The SDK's identity is `<pid>@<host name>`. */
export interface Poller {
  identity: string;
  /** When its last poll arrived. A poll lasts up to a minute; the server forgets a poller after five. */
  seen: Date;
}

/** Milliseconds after which a poller counts as gone. A worker polls again within a minute; the server lists pollers for five. */
const POLL_AGE = 90_000;

const { TASK_QUEUE_TYPE_WORKFLOW, TASK_QUEUE_TYPE_ACTIVITY } = proto.temporal.api.enums.v1.TaskQueueType;

/** True for a worker of this host whose process has ended: the server lists it for minutes more. */
function hasEnded(identity: string): boolean {
  const [, pid, host] = /^(\d+)@(.*)$/.exec(identity) ?? [];
  if (pid === undefined || host !== hostname()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

async function pollersOf(
  client: Client,
  taskQueue: string,
  taskQueueType: proto.temporal.api.enums.v1.TaskQueueType,
): Promise<Poller[]> {
  const { pollers: found } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: taskQueue },
    taskQueueType,
  });
  return found
    .map(({ identity, lastAccessTime }) => ({
      identity: identity ?? '',
      seen: new Date(Number(lastAccessTime?.seconds ?? 0) * 1000),
    }))
    .filter(({ identity }) => !hasEnded(identity));
}

/** Lists the workers that recently polled a task queue for workflows, which they do even while all activity slots are in use. */
export const workflowPollers = (client: Client, taskQueue: string): Promise<Poller[]> =>
  pollersOf(client, taskQueue, TASK_QUEUE_TYPE_WORKFLOW);

/** Counts the workers that poll a task queue for workflows and for activities. A worker of another host that just died counts for a minute more. */
export async function pollers(client: Client, taskQueue: string): Promise<{ workflows: number; activities: number }> {
  const count = async (type: proto.temporal.api.enums.v1.TaskQueueType) =>
    (await pollersOf(client, taskQueue, type)).filter(({ seen }) => Date.now() - seen.getTime() < POLL_AGE).length;
  return { workflows: await count(TASK_QUEUE_TYPE_WORKFLOW), activities: await count(TASK_QUEUE_TYPE_ACTIVITY) };
}
