import type { Dependencies } from '../src/build/dependencies.js';
import { asActivity } from '../src/build/step.js';
import { alert } from './alert.js';
import { attend } from './attend.js';
import { audit } from './audit.js';
import { compare } from './compare.js';
import { conclude } from './conclude.js';
import { list } from './list.js';
import { load } from './load.js';
import { lookBack } from './look-back.js';
import { normalize } from './normalize.js';
import { outline } from './outline.js';
import { planRollback } from './plan-rollback.js';
import { publish } from './publish.js';
import { recover } from './recover.js';
import { refresh } from './refresh.js';
import { rollback } from './rollback.js';
import { survey } from './survey.js';
import { sweep } from './sweep.js';
import { test } from './test.js';
import { verify } from './verify.js';
import { wait } from './wait.js';

/** Light activities: they ask, check and swap. In the order of the night. */
export const createActivities = (deps: Dependencies) => ({
  survey: asActivity(deps, 'survey', survey),
  outline: asActivity(deps, 'outline', outline),
  // It must go out while the engine is down.
  alert: asActivity(deps, 'alert', alert, { statements: false }),
  attend: asActivity(deps, 'attend', attend),
  audit: asActivity(deps, 'audit', audit),
  recover: asActivity(deps, 'recover', recover),
  wait: asActivity(deps, 'wait', wait),
  list: asActivity(deps, 'list', list),
  load: asActivity(deps, 'load', load),
  lookBack: asActivity(deps, 'lookBack', lookBack),
  refresh: asActivity(deps, 'refresh', refresh),
  test: asActivity(deps, 'test', test),
  publish: asActivity(deps, 'publish', publish),
  compare: asActivity(deps, 'compare', compare),
  planRollback: asActivity(deps, 'rollback', planRollback),
  rollback: asActivity(deps, 'rollback', rollback),
  verify: asActivity(deps, 'verify', verify),
  sweep: asActivity(deps, 'sweep', sweep),
  conclude: asActivity(deps, 'conclude', conclude),
});

/** The heavy one, on a queue of its own with as many slots as the project allows. */
export const createHeavyActivities = (deps: Dependencies) => ({
  normalize: asActivity(deps, 'normalize', normalize),
});

export type Activities = ReturnType<typeof createActivities>;
export type HeavyActivities = ReturnType<typeof createHeavyActivities>;
