import type { Dependencies } from './dependencies.js';

/** How long an answer is used again, in milliseconds: each day of a backfill asks. */
const ANSWER_KEPT = 5_000;

/** Older than any build. */
const UNKNOWN = 0;

const answers = new Map<string, { asked: number; oldest: Promise<number> }>();

/**
 * Returns the oldest build among the project's workers; see `WORKER_BUILD`. The answer may be some seconds old: a worker that comes later
 * is not in it anyway. 0 if the server does not list them: then nothing is begun that an earlier worker could not continue.
 */
export async function oldestWorker({ temporal }: Pick<Dependencies, 'temporal'>, project: string): Promise<number> {
  const last = answers.get(project);
  if (last && performance.now() - last.asked < ANSWER_KEPT) return await last.oldest;
  const oldest = oldestOf({ temporal }, project).catch(() => UNKNOWN);
  answers.set(project, { asked: performance.now(), oldest });
  return await oldest;
}

async function oldestOf({ temporal }: Pick<Dependencies, 'temporal'>, project: string): Promise<number> {
  // Only now: most commands that plan need no Temporal.
  const { oldestBuild } = await import('../temporal/pollers.js');
  return await oldestBuild(await temporal(), project);
}
