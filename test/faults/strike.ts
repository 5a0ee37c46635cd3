import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { Passage } from '../support/fault-proxy.js';
import type { Phase } from './plan.js';

/** A trouble that was laid in a day's way. */
export interface Strike {
  /** For troubles that watch the day itself: called when it was started. */
  started?: (handle: WorkflowHandle, signal: AbortSignal) => void;
  /** Settles when the trouble has come and gone. */
  over: Promise<void>;
}

/** A promise and what settles it. */
export function settled(): { over: Promise<void>; settle: (done: Promise<void>) => void } {
  let settle: (done: Promise<void>) => void = () => undefined;
  const over = new Promise<void>((resolve) => {
    settle = resolve;
  });
  over.catch(() => undefined);
  return { over, settle };
}

/** Strikes around a request: before the server has it, `ms` after it was sent there, or when it is done and its answer is not sent yet. */
export async function around(passage: Passage, phase: Phase, ms: number, strike: () => Promise<void>): Promise<void> {
  if (phase === 'before') {
    await strike();
    passage.answer(await passage.forward());
    return;
  }
  const answer = passage.forward();
  answer.catch(() => undefined);
  if (phase === 'during') {
    await sleep(ms);
    await strike();
    passage.answer(await answer);
    return;
  }
  await answer;
  await strike();
  await passage.stop();
}
