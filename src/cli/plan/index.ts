import type { App } from '../../app.js';
import { openLedgerReport } from '../../ledger/report/index.js';
import { findRemoved, removedText } from '../../project/leftovers.js';
import { addDays, dayIn, daysBetween, type Day } from '../../shared/day.js';
import { withApp, type ProjectOptions } from '../common/context.js';
import { PLANNED_DAYS, type Output } from '../common/options.js';
import { print, printJson } from '../common/output.js';
import { assertDays, assertRange } from '../common/wanted.js';
import { commandsFor, forecast, forecastText } from './forecast.js';

/** The requested days. */
interface Asked {
  day?: Day | undefined;
  start?: Day | undefined;
  end?: Day | undefined;
}

/** Returns the requested days; by default the days that should exist, up to yesterday, at most the newest PLANNED_DAYS. */
async function plannedRange(app: App, asked: Asked) {
  if (asked.day !== undefined) return { first: asked.day, last: asked.day, earlier: 0 };
  const { start, timezone, project } = app.project.config;
  const last = asked.end ?? addDays(dayIn(timezone, new Date()), -1);
  if (asked.start !== undefined) return { first: asked.start, last, earlier: 0 };
  const known = await openLedgerReport(app.clickhouse, project).knownDays();
  const origin = [start, known?.first].filter((day) => day !== undefined).sort()[0] ?? last;
  const window = addDays(last, 1 - PLANNED_DAYS);
  const first = origin > window ? origin : window;
  return { first, last, earlier: Math.max(0, daysBetween(origin, first).length - 1) };
}

/** Prints which days and tables a run would build now, and why. */
export const showPlan = ({ project, output, ...asked }: ProjectOptions & Asked & { output: Output }): Promise<void> =>
  withApp({ project }, async (app) => {
    assertDays(app, asked.day, asked.start, asked.end);
    await app.ledger.assertReadable(app.project.config);
    const { first, last, earlier } = await plannedRange(app, asked);
    if (asked.start !== undefined) assertRange(first, last);
    const found = await forecast(app, daysBetween(first, last));
    const removed = await findRemoved(app.clickhouse, app.project);
    if (output === 'json') printJson({ project: app.project.config.project, first, last, earlier, removed, ...found });
    else {
      print(forecastText(found, earlier, commandsFor(found.days)));
      for (const table of removed) print(removedText(app.project.config.database, table));
    }
  });
