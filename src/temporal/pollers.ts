import { hostname } from 'node:os';
import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { buildOfName, taskQueue, WORKER_BUILD } from '../shared/names.js';

/** A worker as the server sees it. The SDK's identity is `<pid>@<host name>`. */
export interface Poller {
  identity: string;
  /** See `WORKER_BUILD`. */
  build: number;
  /** When its last poll arrived. A poll lasts up to a minute; the server forgets a poller after five. */
  seen: Date;
}

/** Milliseconds after which a poller counts as gone. A worker polls again within a minute; the server lists pollers for five. */
const POLL_AGE = 90_000;

const { TaskQueueType, DescribeTaskQueueMode } = proto.temporal.api.enums.v1;

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

type Found = proto.temporal.api.taskqueue.v1.IPollerInfo;

/**
 * Lists the workers that recently polled a task queue. A server keeps a queue in several partitions, of which a worker polls some: the
 * default mode describes one of them alone, so that of several workers it leaves some out for a minute.
 */
async function pollersOf(client: Client, name: string): Promise<{ workflows: Poller[]; activities: Poller[] }> {
  const { TASK_QUEUE_TYPE_WORKFLOW, TASK_QUEUE_TYPE_ACTIVITY } = TaskQueueType;
  const queue = { namespace: client.options.namespace, taskQueue: { name } };
  const ofType = async (type: proto.temporal.api.enums.v1.TaskQueueType) =>
    seen((await client.workflowService.describeTaskQueue({ ...queue, taskQueueType: type })).pollers);
  try {
    const { versionsInfo } = await client.workflowService.describeTaskQueue({
      ...queue,
      apiMode: DescribeTaskQueueMode.DESCRIBE_TASK_QUEUE_MODE_ENHANCED,
      taskQueueTypes: [TASK_QUEUE_TYPE_WORKFLOW, TASK_QUEUE_TYPE_ACTIVITY],
      reportPollers: true,
    });
    const types = versionsInfo['']?.typesInfo;
    if (types)
      return {
        workflows: seen(types[TASK_QUEUE_TYPE_WORKFLOW]?.pollers ?? []),
        activities: seen(types[TASK_QUEUE_TYPE_ACTIVITY]?.pollers ?? []),
      };
  } catch {
    // A server without this mode: the partition that the default mode describes has to do.
  }
  return { workflows: await ofType(TASK_QUEUE_TYPE_WORKFLOW), activities: await ofType(TASK_QUEUE_TYPE_ACTIVITY) };
}

const isRecent = ({ seen: at }: Poller): boolean => Date.now() - at.getTime() < POLL_AGE;

const seen = (found: readonly Found[]): Poller[] =>
  found
    .map(({ identity, lastAccessTime, deploymentOptions }) => ({
      identity: identity ?? '',
      build: buildOfName(deploymentOptions?.buildId ?? ''),
      seen: new Date(Number(lastAccessTime?.seconds ?? 0) * 1000),
    }))
    .filter(({ identity }) => !hasEnded(identity));

/** Lists the workers that recently polled a task queue for workflows, which they do even while all activity slots are in use. */
export const workflowPollers = async (client: Client, taskQueue: string): Promise<Poller[]> =>
  (await pollersOf(client, taskQueue)).workflows;

/**
 * Returns the oldest build among the workers of a project, the own one if none polls. What only newer ones could continue must not be
 * begun as long as it is older; see `WORKER_BUILD`.
 */
export async function oldestBuild(client: Client, project: string): Promise<number> {
  const workers = (await workflowPollers(client, taskQueue.light(project))).filter(isRecent);
  return Math.min(WORKER_BUILD, ...workers.map(({ build }) => build));
}

/** Counts the workers that poll a task queue for workflows and for activities. A worker of another host that just died counts for a minute more. */
export async function pollers(client: Client, taskQueue: string): Promise<{ workflows: number; activities: number }> {
  const found = await pollersOf(client, taskQueue);
  return { workflows: found.workflows.filter(isRecent).length, activities: found.activities.filter(isRecent).length };
}
