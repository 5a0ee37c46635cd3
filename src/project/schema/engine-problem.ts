import { isTransient } from '../../clickhouse/errors.js';
import { isFinal, messageOf } from '../../errors.js';
import { either, error, meantBy } from '../problems.js';
import type { Problem } from '../project.js';

/**
 * What the engine's refusal of a statement in `where` means for whoever wrote it. An error that is not about the statement
 * (no connection, no access, no memory) is thrown again. `tables` are the names that a SELECT may read.
 */
export function engineProblem(thrown: unknown, where: string, scratch: string, tables: readonly string[]): Problem {
  const text = messageOf(thrown);
  const [, code, said] = /ClickHouse says (\d+) \([^)]*\): ([^]*)$/.exec(text) ?? [];
  const ours = isFinal(thrown) ? thrown.type !== 'AccessDenied' : !isTransient(Number(code));
  if (said === undefined || !ours) throw thrown;
  const message = said
    .replaceAll(`${scratch}.`, '')
    .replace(/\. Expected one of:[^]*/, '')
    .replace(/ Maybe you meant [^]*/, '')
    .replace(/[\s.]+$/, '');
  const [, unknown] = /Unknown table expression identifier '([^']+)'/.exec(message) ?? [];
  if (unknown !== undefined) return unknownTable(where, unknown, tables);
  const [, parameter] = /Substitution `(\w+)` is not set/.exec(message) ?? [];
  if (parameter !== undefined)
    return error(where, `uses the parameter '${parameter}', which has no value here`, parameterFix(where, parameter));
  return error(
    where,
    `the engine refuses it: ${message}`,
    'Correct the statement; it has to run as it stands in any ClickHouse client.',
  );
}

function unknownTable(where: string, name: string, tables: readonly string[]): Problem {
  const meant = meantBy(name, tables);
  const what = `found the table '${name}', expected one that the project makes: ${either(tables)}`;
  return error(
    where,
    what,
    meant ? `Did you mean '${meant}'?` : `Correct the name, or add the file that makes ${name}.`,
  );
}

function parameterFix(where: string, parameter: string): string {
  if (parameter === 'day' && where.startsWith('sql/normalized/'))
    return 'Remove it: a chunk is normalized once and serves every day that it has rows for.';
  return 'Only {day:Date} is given.';
}
