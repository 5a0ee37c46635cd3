import type { Phase } from './plan.js';
import { isRequest } from './points.js';
import { MOVING, REWRITTEN } from './project.js';
import { around, settled, type Strike } from './strike.js';
import type { World } from './world.js';

/** An object changes while the engine is about to read it, reads it, or has read it. */
export function armObject(world: World, what: 'rewritten' | 'deleted', phase: Phase): Strike {
  const { over, settle } = settled();
  const { project } = world;
  let struck = false;
  world.intercept('engine', (passage) => {
    const { asked } = passage;
    if (struck || !isRequest('raw read', asked) || !asked.url.pathname.endsWith(MOVING)) return undefined;
    struck = true;
    const change = () => {
      const done =
        what === 'rewritten' ? project.put(MOVING, REWRITTEN) : project.app.store.remove(project.bucket, [MOVING]);
      settle(done);
      return done;
    };
    if (phase === 'before') return around(passage, phase, 0, change);
    return passage.forward().then(async (answer) => {
      if (phase === 'during') await change();
      passage.answer(answer);
      if (phase === 'after') await change();
    });
  });
  return { over };
}
