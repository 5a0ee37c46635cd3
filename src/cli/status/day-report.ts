import type { App } from '../../app.js';
import type { BuildRecord } from '../../ledger/ledger.js';
import type { LedgerReport, PlanRecord } from '../../ledger/report.js';
import { sumAccounts, type FolderAccount } from '../../shared/accounts.js';
import { addDays, daysBetween, type Day } from '../../shared/day.js';
import type { Outcome } from '../../shared/workflows.js';
import type { RunningDay } from '../../temporal/client.js';
import { instantOf } from '../common/text.js';
import { objectAccounts, ofFolder, usedChunks } from '../common/used-chunks.js';

/**
 * The state of a day: the outcome of its newest build; `building` while its workflow runs; `stopped` if a build has begun and no
 * workflow is running to finish it.
 */
export type DayState = Outcome | 'building' | 'stopped' | 'not built';

/** A day as the overview shows it. */
export interface DayReport {
  day: Day;
  state: DayState;
  /** Of the newest build; 0 if there is none. */
  generation: number;
  /** ISO instant of the newest record. */
  at: string | null;
  /** The step at which the newest build failed, and why. */
  step: string;
  reason: string;
  /** Tables with an unfinished publish: running the day finishes or rolls it back. */
  open: string[];
  running: RunningDay | null;
  /** Set if the day is held: since when, as an ISO instant, and why. */
  hold: { since: string; reason: string } | null;
  /** Published tables, in the same order every day: normalized tables, then models; of an older generation if the newest build failed. */
  published: {
    table: string;
    generation: number;
    rows: number;
    at: string;
    fingerprint: { code: string; data: string };
  }[];
  /** The account of the day's own folder in the newest build, over all sources. */
  folder: FolderAccount;
  /** Quarantined objects that the published day lacks, in any folder that may hold rows of the day. */
  quarantined: { source: string; folder: Day; object: string; reason: string }[];
  plans: { newest: PlanRecord | null; whole: PlanRecord | null };
  /** Open questions about the day's folders, each with its commands; a run fails until they are answered. */
  questions: string[];
}

/** The days that are running, from Temporal; `days` is undefined if it did not respond. */
export interface Running {
  days: RunningDay[] | undefined;
  /** Why Temporal did not respond. */
  message: string | undefined;
}

/** Reports the days `first` to `last`. */
export async function reportDays(
  app: App,
  report: LedgerReport,
  {
    first,
    last,
    running,
    questions,
  }: { first: Day; last: Day; running: Running; questions?: ReadonlyMap<Day, string> },
): Promise<DayReport[]> {
  const [builds, published, open, plans, holds] = await Promise.all([
    app.ledger.latestBuilds(first, last),
    report.publishedTables(first, last),
    app.ledger.openIntents(first, last),
    report.plans(first, last),
    app.ledger.holds(first, last),
  ]);
  return await Promise.all(
    daysBetween(first, last).map(async (day): Promise<DayReport> => {
      const build = builds.find((one) => one.day === day);
      const workflow = running.days?.find((one) => one.day === day);
      const hold = holds.find((one) => one.day === day);
      const plan = plans.get(day) ?? { newest: null, whole: null };
      return {
        day,
        state: hold && !workflow ? 'held' : stateOf(build, workflow, running.days !== undefined),
        generation: build?.generation ?? 0,
        at: build ? instantOf(build.at) : null,
        step: build?.step ?? '',
        reason: build?.event === 'failed' ? build.reason : '',
        open: open.filter((one) => one.day === day).map(({ table }) => table),
        running: workflow ?? null,
        hold: hold ? { since: instantOf(hold.since), reason: hold.reason } : null,
        published: inOrder(
          app.project,
          published.filter((one) => one.day === day),
        ).map(({ table, generation, rows, at, code, data }) => ({
          table,
          generation,
          rows,
          at: instantOf(at),
          fingerprint: { code, data },
        })),
        folder: await ownFolder(app, report, day, plan.newest),
        quarantined: await quarantinedOf(app, report, day, plan.whole ?? plan.newest),
        plans: plan,
        // No run builds a held day, so it raises no questions.
        questions: hold ? [] : [questions?.get(day)].filter((question) => question !== undefined),
      };
    }),
  );
}

/** Sorts tables: normalized ones, then models, then tables that the project no longer has; each group by name. */
function inOrder<Row extends { table: string }>(project: App['project'], rows: readonly Row[]): Row[] {
  const names = [project.normalized, project.aggregates].flatMap((files) => files.map(({ name }) => name).sort());
  const place = ({ table }: Row) => (names.indexOf(table) + names.length + 1) % (names.length + 1);
  return [...rows].sort((a, b) => place(a) - place(b) || (a.table < b.table ? -1 : 1));
}

/** Derives the state of a day. If Temporal did not respond, a build that has begun and not ended counts as running. */
export function stateOf(
  build: Pick<BuildRecord, 'event'> | undefined,
  workflow: RunningDay | undefined,
  asked: boolean,
): DayState {
  if (workflow) return 'building';
  if (!build) return 'not built';
  if (build.event !== 'planned') return build.event;
  return asked ? 'stopped' : 'building';
}

async function ownFolder(app: App, report: LedgerReport, day: Day, build: PlanRecord | null): Promise<FolderAccount> {
  const { sources } = await usedChunks(app, report, day, build);
  const accounts = sources.map(({ source, chunks }) => objectAccounts(app, source, ofFolder(chunks, day)));
  return sumAccounts((await Promise.all(accounts)).flat());
}

async function quarantinedOf(
  app: App,
  report: LedgerReport,
  day: Day,
  build: PlanRecord | null,
): Promise<DayReport['quarantined']> {
  const { sources } = await usedChunks(app, report, day, build);
  const found = sources.map(async ({ source, chunks }) =>
    (await app.ledger.quarantinedObjects(source, chunks)).map((one) => ({ source, ...one })),
  );
  return (await Promise.all(found)).flat();
}

/** The days to show. */
export interface DayRange {
  /** Undefined if no day was ever built. */
  shown: { first: Day; last: Day } | undefined;
  /** Days before the first one shown. */
  earlier: number;
  /** Days after the last one shown, up to yesterday, that were not built. */
  missing: { first: Day; last: Day; days: number } | undefined;
}

/** Selects the newest `count` days in the ledger; counts the days before and after them that should exist. */
export function daysToShow(of: {
  start: Day | undefined;
  known: { first: Day; last: Day } | undefined;
  yesterday: Day;
  count: number;
}): DayRange {
  const { start, known, yesterday, count } = of;
  const since = known ? addDays(known.last, 1) : start;
  const missing =
    since !== undefined && since <= yesterday
      ? { first: since, last: yesterday, days: daysBetween(since, yesterday).length }
      : undefined;
  if (!known) return { shown: undefined, earlier: 0, missing };
  const origin = start !== undefined && start < known.first ? start : known.first;
  const window = addDays(known.last, 1 - count);
  const first = window > origin ? window : origin;
  return { shown: { first, last: known.last }, earlier: daysBetween(origin, first).length - 1, missing };
}
