import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';

/** A worker as the server sees it. The SDK's identity is `<pid>@<host name>`. */
export interface Poller {
  identity: string;
  /** When its last poll came in. A poll lasts up to a minute; the server forgets a poller after five. */
  seen: Date;
}

/** The workers that lately asked a task queue for workflows. They do so even while all their activity slots are taken. */
export async function workflowPollers(client: Client, taskQueue: string): Promise<Poller[]> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: proto.temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
  });
  return pollers.map(({ identity, lastAccessTime }) => ({
    identity: identity ?? '',
    seen: new Date(Number(lastAccessTime?.seconds ?? 0) * 1000),
  }));
}
