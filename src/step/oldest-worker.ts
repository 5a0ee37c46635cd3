import type { Dependencies } from './dependencies.js';

/** How long an answer is used again, in milliseconds: each day of a backfill asks. */
const ANSWER_KEPT = 5_000;

const answers = new Map<string, { asked: number; oldest: Promise<number> }>();

/**
 * Returns the oldest build among the project's workers; see `WORKER_BUILD`. The answer may be some seconds old: a worker that comes later
 * is not in it anyway.
 */
export async function oldestWorker({ temporal }: Pick<Dependencies, 'temporal'>, project: string): Promise<number> {
  const last = answers.get(project);
  if (last && performance.now() - last.asked < ANSWER_KEPT) return await last.oldest;
  const oldest = oldestOf({ temporal }, project);
  answers.set(project, { asked: performance.now(), oldest });
  oldest.catch(() => answers.delete(project));
  return await oldest;
}

async function oldestOf({ temporal }: Pick<Dependencies, 'temporal'>, project: string): Promise<number> {
  // Only now: most commands that plan need no Temporal.
  const { oldestBuild } = await import('../temporal/pollers.js');
  return await oldestBuild(await temporal(), project);
}
