import type { App } from '../../app.js';
import type { BuildRecord } from '../../ledger/records.js';
import type { LedgerReport, PlanRecord, RecordedDay } from '../../ledger/report/index.js';
import { sumAccounts, type FolderAccount } from '../../shared/accounts.js';
import { addDays, daysBetween, type Day } from '../../shared/day.js';
import { type Text } from '../../shared/sentence.js';
import type { Outcome } from '../../shared/workflows.js';
import type { RunningDay } from '../../temporal/client.js';
import { isoInstant } from '../common/text.js';
import { ofFolder, readAccounts, usedChunks, type ObjectAccounts, type UsedChunks } from '../common/used-chunks.js';
import { NOTHING_ASKED, type FolderQuestions } from './folder-questions.js';

/**
 * The state of a day: the outcome of its newest build; `building` while its workflow runs; `stopped` if a build has begun and no
 * workflow is running to finish it.
 */
export type DayState = Exclude<Outcome, 'different'> | 'building' | 'stopped' | 'not built';

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
  questions: Text[];
}

/** The days that are running, from Temporal; `days` is undefined if it did not respond. */
export interface Running {
  days: RunningDay[] | undefined;
  /** Why Temporal did not respond. */
  message: Text | undefined;
}

/** Reports the days, which are given in ascending order. */
export async function reportDays(
  app: App,
  report: LedgerReport,
  {
    days,
    running,
    asked = NOTHING_ASKED,
  }: { days: readonly Day[]; running: Running | Promise<Running>; asked?: FolderQuestions | Promise<FolderQuestions> },
): Promise<DayReport[]> {
  const [first = '', last = first] = [days[0], days.at(-1)];
  const [builds, published, open, { plans, used, accounts }, holds, { byDay: questions }] = await Promise.all([
    // In this order, so that a build that ends in between does not look stopped.
    Promise.resolve(running).then(() => app.ledger.latestBuilds(first, last)),
    report.publishedTables(first, last),
    app.ledger.openIntents(first, last),
    readPlans(app, report, days),
    app.ledger.holds(first, last),
    asked,
  ]);
  const { days: runningDays } = await running;
  return days.map((day): DayReport => {
    const build = builds.find((one) => one.day === day);
    const workflow = runningDays?.find((one) => one.day === day);
    const hold = holds.find((one) => one.day === day);
    const plan = plans.get(day) ?? { newest: null, whole: null };
    const chunks = used.get(day);
    return {
      day,
      state: hold && !workflow ? 'held' : stateOf(build, workflow, runningDays !== undefined),
      generation: build?.generation ?? 0,
      at: build ? isoInstant(build.at) : null,
      step: build?.step ?? '',
      reason: build?.event === 'failed' ? build.reason : '',
      open: open.filter((one) => one.day === day).map(({ table }) => table),
      running: workflow ?? null,
      hold: hold ? { since: isoInstant(hold.since), reason: hold.reason } : null,
      published: inProjectOrder(
        app.project,
        published.filter((one) => one.day === day),
      ).map(({ table, generation, rows, at, code, data }) => ({
        table,
        generation,
        rows,
        at: isoInstant(at),
        fingerprint: { code, data },
      })),
      folder: folderAccount(accounts, chunks?.newest, day),
      quarantined: quarantinedOf(accounts, chunks?.readers),
      plans: plan,
      // No run builds a held day, so it raises no questions.
      questions: hold ? [] : [questions.get(day)].filter((question) => question !== undefined),
    };
  });
}

/** Reads the plans of the days, the chunks that they use, and the accounts of these chunks. */
async function readPlans(app: App, report: LedgerReport, days: readonly Day[]) {
  const plans = await report.plans(days[0] ?? '', days.at(-1) ?? '');
  const read = [...plans].map(async ([day, { newest, whole }]) => {
    const [ofNewest, ofReaders] = await Promise.all([
      usedChunks(app, report, day, newest),
      usedChunks(app, report, day, whole ?? newest),
    ]);
    return [day, { newest: ofNewest, readers: ofReaders }] as const;
  });
  const used = new Map(await Promise.all(read));
  const accounts = await readAccounts(
    app,
    [...used.values()].flatMap(({ newest, readers }) => [newest, readers]),
  );
  return { plans, used, accounts };
}

/** Sorts tables: normalized ones, then models, then tables that the project no longer has; each group by name. */
function inProjectOrder<Row extends { table: string }>(project: App['project'], rows: readonly Row[]): Row[] {
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
  // Earlier versions recorded a comparison as a build; only published days were compared as different.
  if (build.event === 'different') return 'published';
  if (build.event !== 'planned') return build.event;
  return asked ? 'stopped' : 'building';
}

const folderAccount = (accounts: ObjectAccounts, used: UsedChunks | undefined, day: Day): FolderAccount =>
  sumAccounts((used?.sources ?? []).flatMap(({ source, chunks }) => accounts(source, ofFolder(chunks, day))));

const quarantinedOf = (accounts: ObjectAccounts, used: UsedChunks | undefined): DayReport['quarantined'] =>
  (used?.sources ?? []).flatMap(({ source, chunks }) =>
    accounts(source, chunks)
      .filter(({ quarantined }) => quarantined !== '')
      .map(({ folder, object, quarantined }) => ({ source, folder, object, reason: quarantined })),
  );

/** Consecutive days. */
interface DayRange {
  first: Day;
  last: Day;
  days: number;
}

const rangeFrom = (first: Day, last: Day): DayRange => ({ first, last, days: daysBetween(first, last).length });

/** The days to show. */
export interface ReportedRange {
  /** In ascending order; none if no day was ever built or is running. */
  shown: Day[];
  /** Days in between that were never built, where they are too many to be shown one by one. */
  gaps: DayRange[];
  /** Days with a build before the first one shown. */
  earlier: number;
  /** Days after the last one shown, up to yesterday, that were not built. */
  missing: DayRange | undefined;
}

/** Adds days that run and have no record yet, such as one that waits for its sources; the result is in ascending order. */
export function withRunning(recorded: readonly RecordedDay[], running: readonly { day: Day }[]): RecordedDay[] {
  const known = new Set(recorded.map(({ day }) => day));
  const more = running.filter(({ day }) => !known.has(day)).map(({ day }) => ({ day, done: false }));
  return [...recorded, ...more].sort((a, b) => (a.day < b.day ? -1 : 1));
}

/** Never-built days in a row that are shown one by one. */
const SINGLE_DAYS = 2;

/**
 * Selects the newest `count` days with a recorded build, and what was never built between them; counts the days before and after them.
 *
 * Days are expected from the project's `start` on, or else from the first day that was published: a day that only failed may be mistyped,
 * and says nothing about the days after it.
 *
 * @param recorded days with a build, in ascending order
 */
export function daysToShow(of: {
  start: Day | undefined;
  recorded: readonly RecordedDay[];
  yesterday: Day;
  count: number;
}): ReportedRange {
  const { start, yesterday, count } = of;
  const recorded = of.recorded.map(({ day }) => day);
  const origin = start ?? of.recorded.find(({ done }) => done)?.day;
  const newest = recorded.at(-1);
  const since = origin === undefined || newest === undefined || newest < origin ? origin : addDays(newest, 1);
  const missing = since !== undefined && since <= yesterday ? rangeFrom(since, yesterday) : undefined;
  const built = recorded.slice(-count);
  const earlier = recorded.length - built.length;
  const shown: Day[] = [];
  const gaps: DayRange[] = [];
  let next = (earlier === 0 ? origin : built[0]) ?? '';
  for (const day of built) {
    if (origin === undefined || day < origin) {
      shown.push(day);
      continue;
    }
    if (next < origin) next = origin;
    const never = daysBetween(next, addDays(day, -1));
    if (never.length <= SINGLE_DAYS) shown.push(...never);
    else gaps.push(rangeFrom(next, addDays(day, -1)));
    shown.push(day);
    next = addDays(day, 1);
  }
  return { shown, gaps, earlier, missing };
}
