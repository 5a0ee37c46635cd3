import type { ClickHouse, StatementOptions } from './client.js';
import type { Statement } from './statement.js';

/** SELECTs with what is made of their rows. Several questions can be asked together, see {@link askTogether}. */
export interface Question<Answer> {
  statements: readonly Statement[];
  /** Takes the rows of each statement. */
  answer: (rows: readonly (readonly object[])[]) => Answer;
}

/** A question whose `answer` says of what form the rows are. */
export const question = <Answer>(
  statement: Statement,
  answer: (rows: readonly never[]) => Answer,
): Question<Answer> => ({
  statements: [statement],
  answer: ([rows = []]) => answer(rows as readonly never[]),
});

/** A question whose answer is made of that to another. */
export const derived = <From, Answer>(
  { statements, answer }: Question<From>,
  make: (from: From) => Answer,
): Question<Answer> => ({ statements, answer: (rows) => make(answer(rows)) });

/** The answer to each of several questions. */
export type Answers<Questions extends Record<string, Question<unknown>>> = {
  [Name in keyof Questions]: Questions[Name] extends Question<infer Answer> ? Answer : never;
};

export async function ask<Answer>(
  clickhouse: Pick<ClickHouse, 'rows'>,
  { statements, answer }: Question<Answer>,
  options: StatementOptions = {},
): Promise<Answer> {
  const [first, ...more] = statements;
  if (first === undefined) return answer([]);
  if (more.length === 0) return answer([await clickhouse.rows<object>(first, options)]);
  const found = statements.map((): object[] => []);
  for (const { part, row } of await clickhouse.rows<{ part: number; row: string }>(together(statements), options))
    found[part]?.push(JSON.parse(row) as object);
  return answer(found);
}

/**
 * Asks independent questions in one request. ClickHouse runs them in parallel, so that together they take as long as the slowest, and
 * one round trip. Each gets the same answer as if it had been asked alone; they see no common snapshot.
 */
export const askTogether = <Questions extends Record<string, Question<unknown>>>(
  clickhouse: Pick<ClickHouse, 'rows'>,
  questions: Questions,
  options: StatementOptions = {},
): Promise<Answers<Questions>> => ask(clickhouse, allOf(questions), options);

/** Makes one question of several; see {@link askTogether}. What more than one of them reads is read once. */
export function allOf<Questions extends Record<string, Question<unknown>>>(
  questions: Questions,
): Question<Answers<Questions>> {
  const numbers = new Map<string, number>();
  const statements: Statement[] = [];
  const numberOf = (statement: Statement): number => {
    const key = JSON.stringify(statement);
    const number = numbers.get(key) ?? statements.push(statement) - 1;
    numbers.set(key, number);
    return number;
  };
  const asked = Object.entries(questions).map(([name, { statements: own, answer }]) => ({
    ...{ name, answer },
    reads: own.map(numberOf),
  }));
  return {
    statements,
    answer: (rows) =>
      Object.fromEntries(
        asked.map(({ name, answer, reads }) => [name, answer(reads.map((number) => rows[number] ?? []))]),
      ) as Answers<Questions>,
  };
}

/** A quoted name or text, in which braces are letters like others, or the beginning of a bound parameter. */
const QUOTED_OR_PARAMETER = /(`(?:[^`\\]|\\.)*`|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|\{(\w+):/g;

/** One statement whose rows are those of all, each as JSON and with the number of the statement that it is of. */
export function together(statements: readonly Statement[]): Statement {
  const params: Record<string, unknown> = {};
  const parts = statements.map((statement, part) => {
    for (const [name, value] of Object.entries(statement.params ?? {})) params[`q${part}_${name}`] = value;
    return asPart(statement, part).replaceAll(QUOTED_OR_PARAMETER, (found, quoted?: string, name?: string) =>
      quoted === undefined && name !== undefined ? `{q${part}_${name}:` : found,
    );
  });
  return {
    sql: parts.join(' UNION ALL '),
    params,
    // The order of a part's rows is part of its answer, although nothing in the statement around it needs one.
    settings: Object.assign(
      { query_plan_remove_redundant_sorting: 0 },
      ...statements.map(({ settings }) => settings),
    ) as Record<string, string | number>,
  };
}

/** Writes a SELECT as one of several, whose rows are texts. */
function asPart({ sql, columns }: Statement, part: number): string {
  const [returned, from] =
    columns === undefined ? ['*', `FROM (${sql})`] : [columns, sql.slice(`SELECT ${columns}\n`.length)];
  return `SELECT ${part} AS part, formatRowNoNewline('JSONEachRow', ${returned}) AS row ${from}`;
}
