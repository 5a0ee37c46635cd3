import type { Dependencies } from '../src/build/dependencies.js';
import { asActivity } from '../src/build/step.js';
import type * as messages from '../src/core/messages.js';
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
  survey: asActivity<messages.SurveyInput, messages.SurveyResult>(deps, 'survey', survey),
  outline: asActivity<messages.OutlineInput, messages.OutlineResult>(deps, 'outline', outline),
  // It must go out while the engine is down.
  alert: asActivity<messages.AlertInput, messages.AlertResult>(deps, 'alert', alert, { statements: false }),
  attend: asActivity<messages.AttendInput, messages.AttendResult>(deps, 'attend', attend),
  audit: asActivity<messages.AuditInput, messages.AuditResult>(deps, 'audit', audit),
  recover: asActivity<messages.RecoverInput, messages.RecoverResult>(deps, 'recover', recover),
  wait: asActivity<messages.WaitInput, messages.WaitResult>(deps, 'wait', wait),
  list: asActivity<messages.ListInput, messages.ListResult>(deps, 'list', list),
  load: asActivity<messages.LoadInput, messages.LoadResult>(deps, 'load', load),
  lookBack: asActivity<messages.LookBackInput, messages.LookBackResult>(deps, 'lookBack', lookBack),
  refresh: asActivity<messages.RefreshInput, messages.RefreshResult>(deps, 'refresh', refresh),
  test: asActivity<messages.TestInput, messages.TestResult>(deps, 'test', test),
  publish: asActivity<messages.PublishInput, messages.PublishResult>(deps, 'publish', publish),
  compare: asActivity<messages.CompareInput, messages.CompareResult>(deps, 'compare', compare),
  planRollback: asActivity<messages.PlanRollbackInput, messages.PlanRollbackResult>(deps, 'rollback', planRollback),
  rollback: asActivity<messages.RollbackInput, messages.RollbackResult>(deps, 'rollback', rollback),
  verify: asActivity<messages.VerifyInput, messages.VerifyResult>(deps, 'verify', verify),
  sweep: asActivity<messages.SweepInput, messages.SweepResult>(deps, 'sweep', sweep),
  conclude: asActivity<messages.ConcludeInput, object>(deps, 'conclude', conclude),
});

/** The heavy one, on a queue of its own with as many slots as the project allows. */
export const createHeavyActivities = (deps: Dependencies) => ({
  normalize: asActivity<messages.NormalizeInput, messages.NormalizeResult>(deps, 'normalize', normalize),
});

export type Activities = ReturnType<typeof createActivities>;
export type HeavyActivities = ReturnType<typeof createHeavyActivities>;
