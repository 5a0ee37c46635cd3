import { isTransient } from '../../clickhouse/errors.js';
import { isFinal, messageOf } from '../../errors.js';
import { either, error, meantBy } from '../problems.js';
import type { Problem } from '../project.js';

/**
 * Turns the engine's error about a statement in `where` into a problem for its author. Rethrows an error that is not about the
 * statement (no connection, no access, no memory). `tables` are the names that a SELECT may read.
 */
export function engineProblem(thrown: unknown, where: string, scratch: string, tables: readonly string[]): Problem {
  const text = messageOf(thrown);
  const [, code, reason] = /ClickHouse says (\d+) \([^)]*\): ([^]*)$/.exec(text) ?? [];
  const fixable = isFinal(thrown) ? thrown.type !== 'AccessDenied' : !isTransient(Number(code));
  if (reason === undefined || !fixable) throw thrown;
  const message = reason
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
    `ClickHouse rejects it: ${message}`,
    'Correct the statement; it must run unchanged in any ClickHouse client.',
  );
}

function unknownTable(where: string, name: string, tables: readonly string[]): Problem {
  const meant = meantBy(name, tables);
  const what = `found the table '${name}', expected one of the project: ${either(tables)}`;
  return error(
    where,
    what,
    meant ? `Did you mean '${meant}'?` : `Correct the name, or add the file that creates ${name}.`,
  );
}

function parameterFix(where: string, parameter: string): string {
  if (parameter === 'day' && where.startsWith('sql/normalized/'))
    return 'Remove it: a chunk is normalized once, for all days that it has rows for.';
  return 'Use {day:Date}, the only parameter.';
}
