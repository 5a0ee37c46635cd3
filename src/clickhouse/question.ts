import type { ClickHouse, StatementOptions } from './client.js';
import type { Statement } from './statement.js';

/** A SELECT with what is made of its rows. Several of them can be asked together, see {@link askTogether}. */
export interface Question<Answer> {
  statement: Statement;
  answer: (rows: readonly object[]) => Answer;
}

/** A question whose `answer` says of what form the rows are. */
export const question = <Answer>(
  statement: Statement,
  answer: (rows: readonly never[]) => Answer,
): Question<Answer> => ({ statement, answer: (rows) => answer(rows as readonly never[]) });

/** The answer to each of several questions. */
export type Answers<Questions extends Record<string, Question<unknown>>> = {
  [Name in keyof Questions]: Questions[Name] extends Question<infer Answer> ? Answer : never;
};

export const ask = async <Answer>(
  clickhouse: Pick<ClickHouse, 'rows'>,
  { statement, answer }: Question<Answer>,
  options: StatementOptions = {},
): Promise<Answer> => answer(await clickhouse.rows<object>(statement, options));

/**
 * Asks independent questions in one request. ClickHouse runs them in parallel, so that together they take as long as the slowest, and
 * one round trip. Each gets the same answer as if it had been asked alone; they see no common snapshot.
 */
export const askTogether = <Questions extends Record<string, Question<unknown>>>(
  clickhouse: Pick<ClickHouse, 'rows'>,
  questions: Questions,
  options: StatementOptions = {},
): Promise<Answers<Questions>> => ask(clickhouse, allOf(questions), options);

/** Makes one question of several; see {@link askTogether}. */
export function allOf<Questions extends Record<string, Question<unknown>>>(
  questions: Questions,
): Question<Answers<Questions>> {
  const asked = Object.entries(questions);
  return question(
    together(asked.map(([, { statement }]) => statement)),
    (rows: readonly { part: number; row: string }[]) => {
      const found = asked.map((): object[] => []);
      for (const { part, row } of rows) found[part]?.push(JSON.parse(row) as object);
      return Object.fromEntries(
        asked.map(([name, { answer }], index) => [name, answer(found[index] ?? [])]),
      ) as Answers<Questions>;
    },
  );
}

/** A quoted name or text, in which braces are letters like others, or the beginning of a bound parameter. */
const QUOTED_OR_PARAMETER = /(`(?:[^`\\]|\\.)*`|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|\{(\w+):/g;

/** One statement whose rows are those of all, each as JSON and with the number of the statement that it is of. */
export function together(statements: readonly Statement[]): Statement {
  const params: Record<string, unknown> = {};
  const parts = statements.map((statement, part) => {
    for (const [name, value] of Object.entries(statement.params ?? {})) params[`q${part}_${name}`] = value;
    const sql = statement.sql.replaceAll(QUOTED_OR_PARAMETER, (found, quoted?: string, name?: string) =>
      quoted === undefined && name !== undefined ? `{q${part}_${name}:` : found,
    );
    return `SELECT ${part} AS part, formatRowNoNewline('JSONEachRow', *) AS row FROM (${sql})`;
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
