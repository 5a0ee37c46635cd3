import { openLedgerReport } from '../../src/ledger/report/index.js';
import { staleDays } from '../../src/ledger/staleness.js';
import { codesOf } from '../../src/plan/planning.js';
import { checksOfProject, notRun } from '../../src/plan/tests.js';
import { longestLookbackOf, type Schema } from '../../src/project/project.js';
import { rangesOf, addDays, daysBetween, type Day } from '../../src/shared/day.js';
import { tableDay } from '../../src/shared/names.js';
import { type Text } from '../../src/shared/sentence.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Answer, Step } from '../../src/step/step.js';
import { isLookedAt, lateObjects } from './late-objects.js';
import { leftNotes } from './notes.js';

export interface AuditInput {
  /** The day that the nightly run is for. */
  day: string;
  /** Days that failed in this run: they are reported already. */
  failed: string[];
}

export interface AuditResult {
  /** Days that need attention, each with the command to run. */
  notes: Text[];
  ms: number;
}

/**
 * Lists the days that need attention after a nightly run, with the command to run: days that should be published and are not, days
 * with changed inputs that are too old for a nightly run, days that differ by SQL alone. It reads the ledger; once a week it also lists
 * the folders of the last 60 days.
 * Failed days are left out, since they are reported already; so are held days.
 */
export async function audit(deps: Dependencies, { day, failed }: AuditInput, step: Step): Answer<AuditResult> {
  const project = await deps.loadProject();
  const report = openLedgerReport(deps.clickhouse, deps.ledger.project);
  const known = await report.knownDays();
  const { start } = project.config;
  const first = start ?? known?.first;
  if (first === undefined) return { notes: [] };
  const last = known && known.last > day ? known.last : day;
  const records = await report.publishedInputs(addDays(first, -longestLookbackOf(project)), last);
  const judged = records.filter((record) => record.day >= first);

  const published = new Set(judged.map((record) => record.day));
  const data = staleDays(
    records,
    first,
    new Set((await report.unusedChunks(first, last)).map(({ table, day: of }) => tableDay(table, of))),
  );
  const schema = await deps.readSchema(project);
  const codes = codesOf(project, schema);
  const made = new Map(judged.map((record) => [tableDay(record.table, record.day), record.code]));
  const code = [...published].filter((one) =>
    [...codes].some(([table, now]) => made.get(tableDay(table, one)) !== now),
  );
  const untested = await untestedDays(deps, schema, [...published].sort());
  const holes = start === undefined ? [] : daysBetween(start, day).filter((one) => !published.has(one));
  const skipped = (await deps.ledger.latestBuilds(first, last)).filter(({ event }) => event === 'skipped');
  const held = (await deps.ledger.holds(first, last)).map((hold) => hold.day);

  const late = isLookedAt(day) ? await lateObjects(deps, project, { day, published }, step) : [];

  const excluded = new Set([...failed, ...held]);
  const left = (days: readonly Day[], not: readonly Day[] = []) =>
    rangesOf(days.filter((one) => !excluded.has(one) && !not.includes(one)));
  return {
    notes: leftNotes({
      holes: left(
        holes,
        skipped.map((build) => build.day),
      ),
      data: left(data),
      code: left(code, data),
      untested: left(untested, [...data, ...code]),
      late: left(late, data),
    }),
  };
}

/** Published days on which a test of today did not pass yet. */
async function untestedDays({ ledger }: Dependencies, schema: Schema, published: readonly Day[]): Promise<Day[]> {
  const checks = checksOfProject(schema);
  const [first, last] = [published[0], published.at(-1)];
  if (first === undefined || last === undefined || checks.length === 0) return [];
  const passed = await ledger.passedTests(first, last);
  return passed === undefined ? [] : published.filter((day) => notRun(checks, passed.get(day)).length > 0);
}
