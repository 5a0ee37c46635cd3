import type * as messages from '../src/core/messages.js';
import { attend } from './attend.js';
import { conclude } from './conclude.js';
import type { Dependencies } from './dependencies.js';
import { list } from './list.js';
import { load } from './load.js';
import { normalize } from './normalize.js';
import { publish } from './publish.js';
import { recover } from './recover.js';
import { refresh } from './refresh.js';
import { asActivity } from './step.js';
import { survey } from './survey.js';
import { sweep } from './sweep.js';
import { test } from './test.js';
import { wait } from './wait.js';

/** Light activities: they ask, check and swap. In the order of the night. */
export const createActivities = (deps: Dependencies) => ({
  survey: asActivity<messages.SurveyInput, messages.SurveyResult>(deps, 'survey', survey),
  attend: asActivity<messages.AttendInput, messages.AttendResult>(deps, 'attend', attend),
  recover: asActivity<messages.RecoverInput, messages.RecoverResult>(deps, 'recover', recover),
  wait: asActivity<messages.WaitInput, messages.WaitResult>(deps, 'wait', wait),
  list: asActivity<messages.ListInput, messages.ListResult>(deps, 'list', list),
  load: asActivity<messages.LoadInput, messages.LoadResult>(deps, 'load', load),
  refresh: asActivity<messages.RefreshInput, messages.RefreshResult>(deps, 'refresh', refresh),
  test: asActivity<messages.TestInput, messages.TestResult>(deps, 'test', test),
  publish: asActivity<messages.PublishInput, messages.PublishResult>(deps, 'publish', publish),
  sweep: asActivity<messages.SweepInput, messages.SweepResult>(deps, 'sweep', sweep),
  conclude: asActivity<messages.ConcludeInput, object>(deps, 'conclude', conclude),
});

/** The heavy one, on a queue of its own with as many slots as the project allows. */
export const createHeavyActivities = (deps: Dependencies) => ({
  normalize: asActivity<messages.NormalizeInput, messages.NormalizeResult>(deps, 'normalize', normalize),
});

export type Activities = ReturnType<typeof createActivities>;
export type HeavyActivities = ReturnType<typeof createHeavyActivities>;
