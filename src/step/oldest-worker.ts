import type { Dependencies } from './dependencies.js';

/** Returns the oldest build among the project's workers; see `WORKER_BUILD`. */
export async function oldestWorker({ temporal }: Pick<Dependencies, 'temporal'>, project: string): Promise<number> {
  // Only now: most commands that plan need no Temporal.
  const { oldestBuild } = await import('../temporal/pollers.js');
  return await oldestBuild(await temporal(), project);
}
