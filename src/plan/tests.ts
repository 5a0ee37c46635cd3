import { fingerprintOf } from '../ledger/fingerprints.js';
import type { Schema } from '../project/project.js';
import { lineOfSelect } from '../project/sql/failed-at.js';
import { namedFunctions, type Definitions } from '../project/sql/functions.js';
import type { PlannedTable, PlannedTest } from './plan.js';

/** A test as far as it matters whether it was run: another text or option of it is another test. */
export interface Check {
  name: string;
  /** Fingerprint of all that decides whether it passes. */
  code: string;
}

/** The files under `sql/tests/`, as a plan holds them. */
export const plannedTests = ({ tests, functions }: Schema): PlannedTest[] =>
  tests.map(({ file: { name, select, header, text }, inputs }) => ({
    name,
    sql: select,
    ...functionsOf(select, functions),
    line: lineOfSelect({ text, select }),
    severity: header.severity,
    tolerate: header.tolerate ?? {},
    inputs,
    lookback: header.lookback,
  }));

const functionsOf = (select: string, definitions: Definitions): Pick<PlannedTest, 'functions'> => {
  const functions = namedFunctions(select, definitions);
  return functions ? { functions } : {};
};

/** Returns the name of the test that a `-- unique:` line defines. */
export const uniqueTest = ({ name, unique }: Pick<PlannedTable, 'name' | 'unique'>): string =>
  `unique ${name} (${unique.join(', ')})`;

/** What a day is checked by: the tests of a plan, and one for each `-- unique:` line. */
export const checksOf = (of: {
  tests: readonly PlannedTest[];
  tables: readonly Pick<PlannedTable, 'name' | 'unique'>[];
}): Check[] => [
  // Where its SELECT begins decides nothing.
  ...of.tests.map((test) => ({ name: test.name, code: fingerprintOf({ test: { ...test, line: undefined } }) })),
  ...of.tables
    .filter(({ unique }) => unique.length > 0)
    .map((table) => ({ name: uniqueTest(table), code: fingerprintOf({ table: table.name, unique: table.unique }) })),
];

/** {@link checksOf} a project as it is now. */
export const checksOfProject = (schema: Schema): Check[] =>
  checksOf({
    tests: plannedTests(schema),
    tables: schema.tables.map(({ name, file }) => ({ name, unique: file.header.unique })),
  });

/** Names of the tests that did not pass on a published day yet; `passed` are the codes of those that did. */
export const notRun = (checks: readonly Check[], passed: ReadonlySet<string> = new Set()): string[] =>
  checks.filter(({ code }) => !passed.has(code)).map(({ name }) => name);
