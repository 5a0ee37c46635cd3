import { engineState } from '../clickhouse/catalog.js';
import { derived, type Question } from '../clickhouse/question.js';
import { final } from '../errors.js';
import type { Plan } from '../plan/plan.js';
import { namedFunctions, type Definitions } from '../project/sql/functions.js';
import { command } from '../shared/commands.js';
import { sentence } from '../shared/sentence.js';

/** Returns the definitions of all functions of users that a build names; undefined if it names none. */
export const functionsOfBuild = (
  { sources, tables, tests }: Pick<Plan, 'sources' | 'tables' | 'tests'>,
  definitions: Definitions,
): string[] | undefined =>
  namedFunctions(
    [...sources, ...tables].map(({ select }) => select).join('\n') + tests.map(({ sql }) => `\n${sql}`).join(''),
    definitions,
  );

/**
 * Asks which functions that a build names are not as they were when it was planned; asks nothing if it names none. A statement that ran
 * meanwhile may have used either definition.
 */
export const replacedFunctions = ({ functions = [] }: Plan): Question<string[]> =>
  functions.length === 0
    ? { statements: [], answer: () => [] }
    : derived(engineState(), ({ definitions }) => {
        const now = new Set(Object.values(definitions));
        return functions.filter((one) => !now.has(one)).map((one) => /^CREATE FUNCTION (\S+)/.exec(one)?.[1] ?? one);
      });

/** @throws a final FunctionReplaced if there are any */
export function assertNoneReplaced({ day }: Plan, replaced: readonly string[], step: string): void {
  if (replaced.length > 0)
    throw final(
      'FunctionReplaced',
      sentence(
        `The SQL function ${replaced.join(', ')} was replaced or dropped while ${day} was being built. Nothing was published. `,
        ...['Build the day again: ', command.run(day)],
      ),
      { details: { step } },
    );
}
