import { fileURLToPath } from 'node:url';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { connectTemporal, temporalConfig } from '../src/temporal/client.js';
import type { World } from './world.js';

const QUEUE = 'bench-bare';
const RUNS = 10;

/** Measures the fastest of several runs of a workflow of one activity that does nothing, in milliseconds. */
export async function bareWorkflow({ env }: World): Promise<number> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const connection = await NativeConnection.connect(temporalConfig(env.temporal).connectionOptions);
  const worker = await Worker.create({
    connection,
    taskQueue: QUEUE,
    workflowsPath: fileURLToPath(new URL('bare-workflow.ts', import.meta.url)),
    activities: { nothing: () => Promise.resolve() },
  });
  const client = await connectTemporal(env.temporal);
  try {
    return await worker.runUntil(async () => {
      let best = Number.POSITIVE_INFINITY;
      for (let run = 0; run < RUNS; run++) {
        const started = performance.now();
        await client.workflow.execute('bare', { taskQueue: QUEUE, workflowId: `bare-${run}` });
        best = Math.min(best, performance.now() - started);
      }
      return best;
    });
  } finally {
    await client.connection.close();
    await connection.close();
  }
}
