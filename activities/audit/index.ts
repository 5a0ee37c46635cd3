import { openLedgerReport } from '../../src/ledger/report.js';
import { staleDays } from '../../src/ledger/staleness.js';
import { codesOf } from '../../src/plan/planning.js';
import { checksOfProject, notRun } from '../../src/plan/tests.js';
import { longestLookbackOf, type Schema } from '../../src/project/project.js';
import { rangesOf, addDays, daysBetween, type Day } from '../../src/shared/day.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Answer } from '../../src/step/step.js';
import { leftNotes } from './notes.js';

export interface AuditInput {
  /** The day of the night. */
  day: string;
  /** Days that failed tonight: they have had their own words. */
  failed: string[];
}

export interface AuditResult {
  /** What the night has left to people, each with a command. */
  notes: string[];
  ms: number;
}

/**
 * After a night: what it has left to people, with the command that closes it. Days that should exist and are not published, days
 * whose inputs changed since and that no night looks at, days that differ by SQL alone. It asks the ledger and lists nothing; days
 * that failed tonight have had their own words, and a held day stands as it is on purpose.
 */
export async function audit(deps: Dependencies, { day, failed }: AuditInput): Answer<AuditResult> {
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
  const data = staleDays(records, first, new Set((await report.unusedChunks(first, last)).map(nameOf)));
  const schema = await deps.readSchema(project);
  const codes = codesOf(project, schema);
  const made = new Map(judged.map((record) => [nameOf(record), record.code]));
  const code = [...published].filter((one) => [...codes].some(([table, now]) => made.get(`${table}@${one}`) !== now));
  const untested = await untestedDays(deps, schema, [...published].sort());
  const holes = start === undefined ? [] : daysBetween(start, day).filter((one) => !published.has(one));
  const skipped = (await deps.ledger.latestBuilds(first, last)).filter(({ event }) => event === 'skipped');
  const held = (await deps.ledger.holds(first, last)).map((hold) => hold.day);

  const told = new Set([...failed, ...held]);
  const left = (days: readonly Day[], not: readonly Day[] = []) =>
    rangesOf(days.filter((one) => !told.has(one) && !not.includes(one)));
  return {
    notes: leftNotes({
      holes: left(
        holes,
        skipped.map((build) => build.day),
      ),
      data: left(data),
      code: left(code, data),
      untested: left(untested, [...data, ...code]),
    }),
  };
}

const nameOf = ({ day, table }: { day: Day; table: string }) => `${table}@${day}`;

/** Published days on which a test of today did not pass yet. */
async function untestedDays({ ledger }: Dependencies, schema: Schema, published: readonly Day[]): Promise<Day[]> {
  const checks = checksOfProject(schema);
  const [first, last] = [published[0], published.at(-1)];
  if (first === undefined || last === undefined || checks.length === 0) return [];
  const passed = await ledger.passedTests(first, last);
  return passed === undefined ? [] : published.filter((day) => notRun(checks, passed.get(day)).length > 0);
}
