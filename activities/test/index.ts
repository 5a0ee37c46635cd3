import { oneRow } from '../../src/clickhouse/client.js';
import { table } from '../../src/clickhouse/text.js';
import { final } from '../../src/errors.js';
import type { TestRecord } from '../../src/ledger/records.js';
import { withinLimits } from '../../src/plan/limits.js';
import type { Plan, PlannedTest } from '../../src/plan/plan.js';
import { readPlan } from '../../src/plan/stored.js';
import { checksOf, uniqueTest } from '../../src/plan/tests.js';
import { placedIn } from '../../src/project/sql/failed-at.js';
import { mostFailing } from '../../src/shared/accounts.js';
import type { BuildRef } from '../../src/shared/build.js';
import { command } from '../../src/shared/commands.js';
import { clipped, numberText, plural } from '../../src/shared/format.js';
import { sentence } from '../../src/shared/sentence.js';
import { stageOf } from '../../src/stage/build.js';
import { windowOf } from '../../src/stage/window.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Answer, Step } from '../../src/step/step.js';
import { duplicatesOf, failingRows, largestOf } from './statements.js';

export interface TestInput {
  build: BuildRef;
  /** Only these tests, on the published tables instead of the stage. */
  published?: string[];
}

export interface TestResult {
  passed: number;
  warned: { test: string; rows: number }[];
  ms: number;
}

/** Failing rows kept in the ledger for each test. */
const SAMPLE = 20;
/** Failing rows that a message shows. */
const SHOWN = 3;
/** Characters shown of each row; the ledger keeps the whole row. */
const ROW_SHOWN = 200;

/**
 * Runs every test on the stage: while one fails, nothing is published and readers keep what they have. Tests that are newer
 * than a publish run on the published tables.
 */
export async function test(deps: Dependencies, { build, published }: TestInput, step: Step): Answer<TestResult> {
  const plan = await readPlan(deps, build);
  const tests = testsOf(plan).filter(({ name }) => published?.includes(name) ?? true);
  const database = published ? plan.database : stageOf(plan);
  const results: Tested[] = [];
  for (const [index, one] of tests.entries()) {
    step.report(`${one.name}, ${index + 1} of ${tests.length}`);
    results.push(await runTest(deps, { plan, database }, one, step));
  }
  await deps.ledger.recordTests(
    plan.day,
    plan.generation,
    results.map(({ test: name, status, failing, sample }) => ({ test: name, status, failing, sample })),
  );
  const failed = results.filter(({ status }) => status === 'fail');
  if (failed.length > 0)
    throw final(
      'TestFailed',
      published
        ? sentence(
            `${failed.map(failingText).join(' ')} Readers have these rows: they were published before the test was added or edited. `,
            ...['Correct the data or the test, then: ', command.run(plan.day)],
          )
        : `${failed.map(failingText).join(' ')} Nothing is published. The rows are in ${stagedTablesOf(plan, failed).join(', ')} until the stage is dropped`,
      {
        details: { step: 'test', tests: failed.map(({ test: name }) => name) },
      },
    );
  const ran = new Set(tests.map(({ name }) => name));
  const codes = checksOf(plan).flatMap(({ name, code }) => (ran.has(name) ? [code] : []));
  if (codes.length > 0) await deps.ledger.recordPassed(plan.day, plan.generation, codes);
  return {
    passed: results.filter(({ status }) => status === 'pass').length,
    warned: results
      .filter(({ status }) => status === 'warn')
      .map(({ test: name, failing }) => ({ test: name, rows: failing })),
  };
}

/** A test's record, with the number of failing rows that it tolerates. */
interface Tested extends TestRecord {
  tolerated: number;
}

/** The tables of the stage that tests read, as a query names them. */
function stagedTablesOf(plan: Plan, tests: readonly { test: string }[]): string[] {
  const read = testsOf(plan).flatMap(({ name: test, inputs }) =>
    tests.some((one) => one.test === test) ? inputs : [],
  );
  return [...new Set(read)].map((input) => table(stageOf(plan), input));
}

/** Lists the tests of `sql/tests/`, and one for each `-- unique:` line. */
const testsOf = (plan: Plan): PlannedTest[] => [
  ...plan.tests,
  ...plan.tables
    .filter(({ unique }) => unique.length > 0)
    .map(({ name, unique }) => ({
      name: uniqueTest({ name, unique }),
      sql: duplicatesOf(name, unique, plan.day).sql,
      severity: 'error' as const,
      tolerate: {},
      inputs: [name],
      lookback: 0,
    })),
];

async function runTest(
  { clickhouse }: Dependencies,
  { plan, database }: { plan: Plan; database: string },
  { name, sql, line, severity, tolerate, inputs, lookback }: PlannedTest,
  step: Step,
): Promise<Tested> {
  const options = step.statement(`test ${name}`, { database, zone: plan.zone });
  const window = windowOf(
    plan.tables.map((table) => `${database}.${table.name}`),
    plan.day,
    lookback,
  );
  const { count, sample } = failingRows(sql, plan.day, window, SAMPLE);
  const limited = <Result>(query: (settings: Record<string, number>) => Promise<Result>) =>
    withinLimits(
      plan,
      step,
      { what: `test ${name}`, way: 'or let the test read less', details: { step: 'test', test: name } },
      ({ settings }) => query(settings),
    );
  const counted = limited((settings) => oneRow<{ failing: string }>(clickhouse, { ...count, settings }, options));
  // A test without a line is a `-- unique:` line, whose statement is ours.
  const place = { path: `sql/tests/${name}.sql`, line, select: sql };
  const failing = Number((await (line === undefined ? counted : placedIn(place, counted))).failing);
  if (failing === 0) return { test: name, status: 'pass', failing, tolerated: 0, sample: [] };
  const read =
    tolerate.share === undefined || inputs.length === 0
      ? []
      : await clickhouse.rows<{ rows: string }>(largestOf(inputs, plan.day), options);
  const tolerated = mostFailing(tolerate, Number(read[0]?.rows ?? 0));
  const rows = await limited((settings) => clickhouse.rows<object>({ ...sample, settings }, options));
  return {
    test: name,
    status: failing <= tolerated ? 'pass' : severity === 'warn' ? 'warn' : 'fail',
    failing,
    tolerated,
    sample: rows.map((row) => JSON.stringify(row)),
  };
}

const failingText = ({ test: name, failing, tolerated, sample }: Tested) =>
  `Test ${name} found ${plural(failing, 'row')} that must not exist${tolerated > 0 ? ` (${numberText(tolerated)} tolerated)` : ''}, such as ${sample
    .slice(0, SHOWN)
    .map((row) => clipped(row, ROW_SHOWN))
    .join(', ')}.`;
