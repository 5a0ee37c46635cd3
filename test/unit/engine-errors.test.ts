import { describe, expect, test } from 'vitest';
import { withoutNoise } from '../../src/clickhouse/errors.js';
import { final } from '../../src/errors.js';
import { engineProblem } from '../../src/project/schema/engine-problem.js';

const LONG = `SELECT day, ${Array.from({ length: 200 }, (_, index) => `column_${index}`).join(', ')} FROM events`;

describe("an engine's error begins with its own sentence and keeps its suggestion", () => {
  test.each([
    [
      `Unknown expression identifier \`amuont\` in scope ${LONG}. Maybe you meant: ['amount']. (version 26.7.2.1 (official build))`,
      "Unknown expression identifier `amuont`. Maybe you meant: ['amount'].",
    ],
    [`Division by zero: while executing ${LONG}`, 'Division by zero'],
    [
      "Cannot parse string 'x' as UInt8: while executing FUNCTION toUInt8",
      "Cannot parse string 'x' as UInt8: while executing FUNCTION toUInt8",
    ],
    [
      `Syntax error: failed at position 12 (FORM) (line 2, col 5): FORM events ${LONG}. Expected one of: token, Comma, FROM`,
      `Syntax error: failed at position 12 (FORM) (line 2, column 5): ${`FORM events ${LONG}`.slice(0, 120)}…`,
    ],
    [
      `Cannot parse string '${'x'.repeat(5000)}' as Date: syntax error at position 1`,
      `Cannot parse string '${'x'.repeat(200)}…' as Date: syntax error at position 1`,
    ],
    ['Memory limit exceeded: would use 5 GiB', 'Memory limit exceeded: would use 5 GiB'],
  ])('%#', (said, shown) => {
    expect(withoutNoise(said)).toBe(shown);
  });
});

describe('a problem that the engine reports names the line of the file', () => {
  const statement = 'SELECT day,\n  amuont\nFORM events';
  const file = { path: 'sql/tests/x.sql', text: `-- severity: warn\n\n${statement}\n`, statement, wrapped: 1 };

  test.each([
    // In parentheses, the statement begins on the second line.
    ['Syntax error: failed at position 40 (FORM) (line 4, column 1): FORM events', 'sql/tests/x.sql:5'],
    ['Unknown expression identifier `amuont`. Maybe you meant: [amount]', 'sql/tests/x.sql:4'],
    ['There is no supertype for types String, UInt8', 'sql/tests/x.sql'],
  ])('%s', (said, where) => {
    const thrown = final('BadSql', `x: ClickHouse says 62 (SYNTAX_ERROR): ${said}`);
    expect(engineProblem(thrown, file, 'scratch', []).where).toBe(where);
  });
});
