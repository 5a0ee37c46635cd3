import { setTimeout as sleep } from 'node:timers/promises';
import type { Point, StatementName } from './plan.js';
import { isStatement, reaching } from './points.js';
import { settled, type Strike } from './strike.js';
import type { World } from './world.js';

/** The engine's disk is full from a statement on, for some milliseconds. */
export function armFullDisk(world: World, point: Point<StatementName>, ms: number): Strike {
  const { over, settle } = settled();
  const reached = reaching(point, isStatement);
  const { disk } = world;
  let full: Promise<void> | undefined;
  let until = 0;
  world.intercept('statements', (passage) => {
    if (reached(passage.asked)) {
      full = disk.fill();
      until = Date.now() + ms;
      settle(full.then(() => sleep(ms)).finally(() => disk.free()));
    }
    if (!full || Date.now() > until) return undefined;
    return full.then(() => passage.forward(disk.parameters)).then(passage.answer);
  });
  return { over };
}

/** Less memory than any query takes, and none that is not counted. */
const NO_MEMORY = { max_memory_usage: '1', max_untracked_memory: '1' };

/** One query finds no memory. */
export function armOutOfMemory(world: World, point: Point<StatementName>): Strike {
  const { over, settle } = settled();
  const reached = reaching(point, isStatement);
  world.intercept('statements', (passage) => {
    if (!reached(passage.asked)) return undefined;
    settle(Promise.resolve());
    return passage.forward(NO_MEMORY).then(passage.answer);
  });
  return { over };
}

/** The client is cut off while its statement runs on, or before it has even begun. */
export function armCut(world: World, point: Point<StatementName>, lateMs: number): Strike {
  const { over, settle } = settled();
  const reached = reaching(point, isStatement);
  world.intercept('statements', (passage) => {
    if (!reached(passage.asked)) return undefined;
    const late = lateMs > 0 ? sleep(lateMs) : Promise.resolve();
    const ran = late.then(() => passage.forward()).then(() => undefined);
    settle(ran);
    return passage.stop();
  });
  return { over };
}
