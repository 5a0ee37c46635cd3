import type { App } from '../../app.js';
import { unchangedGenerations } from '../../ledger/latest.js';
import type { DayRecord, FolderRecord, TestRecord } from '../../ledger/records.js';
import type { LedgerReport } from '../../ledger/report/index.js';
import { linesOutside } from '../../ledger/report/statements.js';
import { isWanted } from '../../project/wanted.js';
import { dayImbalance, folderImbalances, sumAccounts, type FolderAccount } from '../../shared/accounts.js';
import { command, type Command } from '../../shared/commands.js';
import type { Day } from '../../shared/day.js';
import { commandsIn, sentence, withoutRepeats, type Text } from '../../shared/sentence.js';
import { objectAccounts, ofFolder, usedChunks, type UsedChunks } from '../common/used-chunks.js';
import type { DayReport } from './day-report.js';

/** Everything that the ledger knows about one day. */
export interface DayDetail extends DayReport {
  /** Results of the newest build; empty if it did not get that far. */
  tests: TestRecord[];
  /** Rejected lines of the day's own folder in the newest build. */
  rejects: {
    source: string;
    rejected: number;
    /** Those of them whose only fault is a day that no arrival window covers; they do not count for `maxRejects`. */
    outside: number;
    lines: number;
    reasons: { reason: string; lines: number }[];
  }[];
  /** The next commands. */
  next: (Command | Text)[];
  accounts?: DayAccounts;
}

/** Both accounts of the published build; of the newest one if nothing is published. */
export interface DayAccounts {
  /** False if nothing is published yet: then these are the accounts of a build that readers don't see. */
  published: boolean;
  by: UsedChunks['by'];
  /** Every raw line has one fate: lines = rows + rejected + skipped + blank. */
  folders: {
    source: string;
    folder: Day;
    objects: (FolderAccount & { object: string; quarantined: string; balanced: boolean })[];
    total: FolderAccount;
    balanced: boolean;
  }[];
  /** The manifests' rows of the day = loaded + duplicates. */
  tables: (DayRecord & { balanced: boolean })[];
  balanced: boolean;
}

export async function detailDay(app: App, report: LedgerReport, day: DayReport, accounts: boolean): Promise<DayDetail> {
  const [tests, rejects, named] = await Promise.all([
    app.ledger.testResults(day.day, await testedGeneration(app, day)),
    rejectsOfDay(app, report, day),
    day.state === 'failed' ? report.nextCommands(day.day, day.generation) : [],
  ]);
  return {
    ...day,
    tests,
    rejects,
    // No run builds a day that should not exist.
    next: isWanted(app.project.config, day.day, new Date()) ? nextSteps(day, named) : [],
    ...(accounts ? { accounts: await readDayAccounts(app, report, day) } : {}),
  };
}

/** The generation whose tests are about the rows that the report shows. */
async function testedGeneration(app: App, { day, state, generation, published }: DayReport): Promise<number> {
  if (state !== 'unchanged') return generation;
  const { builds } = await app.ledger.ask({ builds: app.ledger.questions.builds(day) });
  return Math.max(0, ...unchangedGenerations(builds), ...published.map((table) => table.generation));
}

async function rejectsOfDay(app: App, report: LedgerReport, { day, plans }: DayReport): Promise<DayDetail['rejects']> {
  const { sources } = await usedChunks(app, report, day, plans.newest);
  return await Promise.all(
    sources.map(async ({ source, chunks }) => {
      const own = ofFolder(chunks, day);
      const { lines, rejected } = sumAccounts(await objectAccounts(app, source, own));
      const reasons = rejected > 0 ? await report.rejectReasons(source, day, own) : [];
      return { source, rejected, outside: linesOutside(reasons), lines, reasons };
    }),
  );
}

async function readDayAccounts(
  app: App,
  report: LedgerReport,
  { day, plans, published }: DayReport,
): Promise<DayAccounts> {
  const build = plans.whole ?? plans.newest;
  const { sources, by } = await usedChunks(app, report, day, build);
  const folders = await Promise.all(
    sources.map(async ({ source, chunks }) => foldersOf(source, await objectAccounts(app, source, chunks))),
  );
  // A table that a build did not change keeps the account of the generation that loaded it.
  const generations = new Map(published.map(({ table, generation }) => [table, generation]));
  const tables = (await app.ledger.dayAccounts(day))
    .filter(({ table, generation }) => generation === (generations.get(table) ?? build?.generation))
    .map((account) => ({ ...account, balanced: isBalanced(account) }));
  const all = folders.flat();
  return {
    published: published.length > 0,
    by,
    folders: all,
    tables,
    balanced: [...all, ...tables].every(({ balanced }) => balanced),
  };
}

function foldersOf(source: string, accounts: readonly FolderRecord[]): DayAccounts['folders'] {
  return [...new Set(accounts.map(({ folder }) => folder))].map((folder) => {
    const objects = accounts
      .filter((account) => account.folder === folder)
      .map(({ object, lines, rows, rejected, skipped, blank, quarantined }) => {
        const account = { object, lines, rows, rejected, skipped, blank };
        return { ...account, quarantined, balanced: folderImbalances([account]).length === 0 };
      });
    return { source, folder, objects, total: sumAccounts(objects), balanced: objects.every((one) => one.balanced) };
  });
}

const isBalanced = ({ table, rows, loaded, duplicates }: DayRecord) =>
  dayImbalance(table, rows, loaded, duplicates) === undefined;

/**
 * Returns commands for a day that needs attention; first those that its failure or a question about its folders names.
 *
 * @param failure the commands that the newest build's failure names
 */
export function nextSteps({ day, state, open, questions }: DayReport, failure: readonly Command[]): (Command | Text)[] {
  const run = command.run(day);
  const asked = questions.flatMap(commandsIn);
  if (state === 'building') return [sentence(run, '   (attaches to the running workflow)')];
  if (open.length > 0 || state === 'not built' || state === 'stopped' || state === 'cancelled') return [run];
  if (state === 'held') return [command.unhold(day)];
  const named = state === 'failed' ? [...asked, ...failure] : asked;
  // As long as a question about its folders is open, the plain command would fail again.
  return withoutRepeats(state === 'failed' && asked.length === 0 ? [...named, run] : named);
}
