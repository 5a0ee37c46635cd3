import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Passage } from '../support/fault-proxy.js';
import type { Point, RequestName, StoreTrouble } from './plan.js';
import { isRequest, reaching, requestFrom } from './points.js';
import { settled, type Strike } from './strike.js';
import type { World } from './world.js';

/** Lets the store misbehave from a point on: towards everybody where it is down, else towards requests of the point's name. */
export function armStore(world: World, what: StoreTrouble, point: Point<RequestName>, ms: number): Strike {
  const { over, settle } = settled();
  const from = requestFrom(point.name);
  const reached = reaching(point, isRequest);
  let until = 0;
  const lasts = () => Date.now() < until;
  for (const who of ['worker', 'engine'] as const)
    world.intercept(who, (passage) => {
      if (who === from && reached(passage.asked)) {
        until = Date.now() + ms;
        settle(sleep(ms));
      }
      if (!lasts()) return undefined;
      if (what === '500' || what === '503') return refuse(passage, what);
      return who === from && isRequest(point.name, passage.asked) ? bend(passage, what, ms) : undefined;
    });
  return { over };
}

const CODE = { '503': 'SlowDown', '500': 'InternalError' } as const;

function refuse(passage: Passage, what: '503' | '500'): Promise<void> {
  const answer: Answer = {
    status: Number(what),
    headers: { 'content-type': 'application/xml' },
    body: Buffer.from(
      `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${CODE[what]}</Code><Message>on purpose</Message></Error>`,
    ),
  };
  passage.answer(answer);
  return Promise.resolve();
}

/** Pieces of an answer that comes slowly. */
const PIECES = 10;

async function bend(passage: Passage, what: StoreTrouble, ms: number): Promise<void> {
  if (what === 'reset request') {
    await passage.disconnect(Math.floor(passage.asked.body.length / 2));
    return;
  }
  const answer = await passage.forward();
  if (what === 'trickle') await passage.trickle(answer, PIECES, ms);
  else await passage.stop(answer, Math.floor(answer.body.length / 2));
}
