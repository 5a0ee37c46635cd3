import type { Dependencies } from '../src/step/dependencies.js';
import { asActivity } from '../src/step/step.js';
import { alert } from './alert/index.js';
import { attend } from './attend/index.js';
import { audit } from './audit/index.js';
import { compare } from './compare/index.js';
import { endErasure } from './erase/end.js';
import { eraseChunks, eraseRows } from './erase/index.js';
import { list } from './list/index.js';
import { load } from './load/index.js';
import { look } from './look/index.js';
import { outline } from './outline/index.js';
import { publish } from './publish/index.js';
import { rollback } from './rollback/index.js';
import { planRollback } from './rollback/plan.js';
import { survey } from './survey/index.js';
import { sweep } from './sweep/index.js';
import { test } from './test/index.js';
import { concludeAndSweep, lookBackAndRefresh, normalizeAndLoad, recoverFirst, refreshTogether } from './together.js';
import { verify } from './verify/index.js';
import { wait } from './wait/index.js';

/** Creates the light activities, which query, check and swap. In the order of a nightly run. */
export const createActivities = (deps: Dependencies) => ({
  survey: asActivity(deps, 'survey', survey),
  outline: asActivity(deps, 'outline', outline),
  // Must work while ClickHouse is down.
  alert: asActivity(deps, 'alert', alert, { statements: false }),
  attend: asActivity(deps, 'attend', attend),
  look: asActivity(deps, 'look', look, { statements: false }),
  audit: asActivity(deps, 'audit', audit),
  recover: asActivity(deps, 'recover', recoverFirst),
  wait: asActivity(deps, 'wait', wait),
  list: asActivity(deps, 'list', list),
  load: asActivity(deps, 'load', load, { rows: true }),
  lookBack: asActivity(deps, 'lookBack', lookBackAndRefresh),
  refresh: asActivity(deps, 'refresh', refreshTogether, { rows: true }),
  test: asActivity(deps, 'test', test, { rows: true }),
  publish: asActivity(deps, 'publish', publish),
  compare: asActivity(deps, 'compare', compare),
  planRollback: asActivity(deps, 'rollback', planRollback),
  rollback: asActivity(deps, 'rollback', rollback),
  eraseChunks: asActivity(deps, 'erase', eraseChunks),
  eraseRows: asActivity(deps, 'erase', eraseRows),
  endErasure: asActivity(deps, 'erase', endErasure),
  verify: asActivity(deps, 'verify', verify),
  sweep: asActivity(deps, 'sweep', sweep),
  // Of a day that has lost its node, too.
  conclude: asActivity(deps, 'conclude', concludeAndSweep, { pinned: false }),
});

/** Creates the heavy activity, which has its own task queue with as many slots as the project allows. */
export const createHeavyActivities = (deps: Dependencies) => ({
  normalize: asActivity(deps, 'normalize', normalizeAndLoad, { rows: true, part: ({ chunk }) => chunk }),
});

export type Activities = ReturnType<typeof createActivities>;
export type HeavyActivities = ReturnType<typeof createHeavyActivities>;
