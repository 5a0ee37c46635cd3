import { openLedgerReport } from '../../src/ledger/report/index.js';
import { staleDays } from '../../src/ledger/staleness.js';
import { longestLookbackOf } from '../../src/project/project.js';
import { assertWanted, isWanted } from '../../src/project/wanted.js';
import { addDays, nightFor } from '../../src/shared/day.js';
import { earlierDays } from '../../src/shared/lookback.js';
import { tableDay } from '../../src/shared/names.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Answer } from '../../src/step/step.js';

export interface SurveyInput {
  /** Given by a person; null means the day before `nominal`. */
  day: string | null;
  /** The time for which the run was scheduled, as an ISO instant. */
  nominal: string;
}

export interface SurveyResult {
  project: string;
  day: string;
  /** True if the day is before the project's start, so it is not run. */
  early?: boolean;
  /** Earlier days that are run first, in ascending order: late ones, whose folders are listed again, and stale ones. */
  late: string[];
  /** True if the day is yesterday by the clock, so its sources may still be arriving. */
  wait: boolean;
  /** Earlier days that a day needs, without gaps. */
  looksBack: number;
  /** The days among these that had failed before, or are late and not published. */
  bad: string[];
  /** True if the project has a webhook. */
  alerts: boolean;
  ms: number;
}

/**
 * Determines the days of a nightly run: the day before its nominal time, in the project's time zone, and the days to run first. Those
 * are the late days, whose folders are listed again, and stale days before them, as far back as models look.
 */
export async function survey(deps: Dependencies, { day: given, nominal }: SurveyInput): Answer<SurveyResult> {
  const project = await deps.loadProject();
  const { config } = project;
  await deps.ledger.assertReadable(config);
  const now = new Date();
  if (given !== null) assertWanted(config, given, now);
  const day = given ?? nightFor(config.timezone, new Date(nominal));
  const window = earlierDays(day, config.lateDays);
  const oldest = addDays(window[0] ?? day, -longestLookbackOf(project));
  const records = await deps.ledger.currentPublishes(addDays(oldest, -longestLookbackOf(project)), day);
  const builds = new Map((await deps.ledger.latestBuilds(oldest, day)).map((build) => [build.day, build.event]));
  const published = new Set(records.map((record) => record.day));
  // Without `start` in the config, a day that was never built is not missing.
  const late = window.filter(
    (one) => isWanted(config, one, now) && (config.start !== undefined || published.has(one) || builds.has(one)),
  );
  const report = openLedgerReport(deps.clickhouse, config.project);
  const fresh = await report.unusedChunks(oldest, day);
  const stale = staleDays(records, oldest, new Set(fresh.map((one) => tableDay(one.table, one.day))));
  return {
    project: config.project,
    day,
    late: [...stale.filter((one) => one < (window[0] ?? day) && isWanted(config, one, now)), ...late],
    ...(isWanted(config, day, now) ? {} : { early: true }),
    // In a catch-up or backfilled run, sources are complete already or never will be.
    wait: given === null && day >= nightFor(config.timezone, now),
    looksBack: longestLookbackOf(project, 'refuse'),
    bad: [...late, day].filter(
      (one) => builds.get(one) === 'failed' || (one !== day && !published.has(one) && builds.get(one) !== 'skipped'),
    ),
    alerts: config.alerts.webhook !== undefined,
  };
}
