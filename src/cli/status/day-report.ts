import type { App } from '../../app.js';
import type { BuildRecord } from '../../ledger/records.js';
import type { LedgerReport, PlanRecord } from '../../ledger/report.js';
import { sumAccounts, type FolderAccount } from '../../shared/accounts.js';
import { addDays, daysBetween, type Day } from '../../shared/day.js';
import { type Text } from '../../shared/sentence.js';
import type { Outcome } from '../../shared/workflows.js';
import type { RunningDay } from '../../temporal/client.js';
import { instantOf } from '../common/text.js';
import { ofFolder, readAccounts, usedChunks, type ObjectAccounts, type UsedChunks } from '../common/used-chunks.js';
import { NOTHING_ASKED, type FolderQuestions } from './folder-questions.js';

/**
 * How a day stands: the outcome of its newest build; `building` while its workflow runs; `stopped` where a build was begun and
 * no workflow runs that would end it.
 */
export type DayState = Outcome | 'building' | 'stopped' | 'not built';

/** A day in one line. */
export interface DayReport {
  day: Day;
  state: DayState;
  /** Of the newest build; 0 where there is none. */
  generation: number;
  /** ISO instant of the newest record. */
  at: string | null;
  /** The step at which the newest build failed, and why. */
  step: string;
  reason: string;
  /** Tables whose swap was begun and neither finished nor taken back: running the day ends it. */
  open: string[];
  running: RunningDay | null;
  /** Where no run builds the day until it is released: since when, an ISO instant, and why. */
  hold: { since: string; reason: string } | null;
  /** What readers have, in the same order every day: normalized tables, then models; of an older generation where the newest build failed. */
  published: {
    table: string;
    generation: number;
    rows: number;
    at: string;
    fingerprint: { code: string; data: string };
  }[];
  /** The account of the day's own folder in the newest build, all sources together. */
  folder: FolderAccount;
  /** Objects that what readers have is without, in any folder that may hold rows of the day. */
  quarantined: { source: string; folder: Day; object: string; reason: string }[];
  plans: { newest: PlanRecord | null; whole: PlanRecord | null };
  /** Why a run of the day would fail until somebody says what its folders mean, each with its commands. */
  questions: Text[];
}

/** What was asked of Temporal; `days` is undefined where it did not answer. */
export interface Running {
  days: RunningDay[] | undefined;
  /** Why Temporal did not answer. */
  message: Text | undefined;
}

/** Days `first` to `last`, each in one line. */
export async function reportDays(
  app: App,
  report: LedgerReport,
  {
    first,
    last,
    running,
    asked = NOTHING_ASKED,
  }: { first: Day; last: Day; running: Running | Promise<Running>; asked?: FolderQuestions | Promise<FolderQuestions> },
): Promise<DayReport[]> {
  const days = daysBetween(first, last);
  const [builds, published, open, { plans, used, accounts }, holds, { byDay: questions }] = await Promise.all([
    // In this order: a build that ends in between must not look like one that nobody runs any more.
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
      folder: ownFolder(accounts, chunks?.newest, day),
      quarantined: quarantinedOf(accounts, chunks?.readers),
      plans: plan,
      // No run builds a held day, so that nothing is asked of it.
      questions: hold ? [] : [questions.get(day)].filter((question) => question !== undefined),
    };
  });
}

/** The plans of some days, the chunks that they name, and the accounts of all of these. */
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

/** Normalized tables as the project has them, then models, then tables that the project has no more; each of them by name. */
function inOrder<Row extends { table: string }>(project: App['project'], rows: readonly Row[]): Row[] {
  const names = [project.normalized, project.aggregates].flatMap((files) => files.map(({ name }) => name).sort());
  const place = ({ table }: Row) => (names.indexOf(table) + names.length + 1) % (names.length + 1);
  return [...rows].sort((a, b) => place(a) - place(b) || (a.table < b.table ? -1 : 1));
}

/** Without an answer from Temporal, a build that was begun and has not ended counts as one that runs. */
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

const ownFolder = (accounts: ObjectAccounts, used: UsedChunks | undefined, day: Day): FolderAccount =>
  sumAccounts((used?.sources ?? []).flatMap(({ source, chunks }) => accounts(source, ofFolder(chunks, day))));

const quarantinedOf = (accounts: ObjectAccounts, used: UsedChunks | undefined): DayReport['quarantined'] =>
  (used?.sources ?? []).flatMap(({ source, chunks }) =>
    accounts(source, chunks)
      .filter(({ quarantined }) => quarantined !== '')
      .map(({ folder, object, quarantined }) => ({ source, folder, object, reason: quarantined })),
  );

/** Which days to show. */
export interface DayRange {
  /** Undefined where no day was ever built. */
  shown: { first: Day; last: Day } | undefined;
  /** Days before the first one shown. */
  earlier: number;
  /** Days since the last one shown, up to yesterday, that nobody has built. */
  missing: { first: Day; last: Day; days: number } | undefined;
}

/** The newest `count` days that the ledger knows; what should exist before and after them is only counted. */
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
