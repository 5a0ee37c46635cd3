import { isTransient } from '../../clickhouse/errors.js';
import { isFinal, messageOf } from '../../errors.js';
import { either, error, meantBy } from '../problems.js';
import type { Problem, SqlFile } from '../project.js';
import { placeOf } from '../sql/place.js';

/**
 * Turns the engine's error about a statement in `where` into a problem for its author. Rethrows an error that is not about the
 * statement (no connection, no access, no memory). The place is the line of the file where the engine names one, or where the name
 * that it quotes is written.
 *
 * @param file with the statement as it is in the file, and the lines that were put before it
 * @param tables names that a SELECT may read
 */
export function engineProblem(
  thrown: unknown,
  file: Pick<SqlFile, 'path' | 'text'> & { statement: string; wrapped: number },
  scratch: string,
  tables: readonly string[],
): Problem {
  const { path: where } = file;
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
  if (unknown !== undefined) return unknownTable(placeIn(file, message), unknown, tables);
  const [, parameter] = /Substitution `(\w+)` is not set/.exec(message) ?? [];
  if (parameter !== undefined)
    return error(
      placeOf(file, new RegExp(String.raw`\{\s*${parameter}\s*:`)),
      `uses the parameter '${parameter}', which has no value here`,
      parameterFix(where, parameter),
    );
  return error(
    placeIn(file, message),
    `ClickHouse rejects it: ${message.replace(POSITION, '')}`,
    'Correct the statement; it must run unchanged in any ClickHouse client.',
  );
}

/** The engine's own place in a statement; of a statement in parentheses, its lines count from the opening one. */
const POSITION = /(?: failed)? at position \d+ \([^)]*\)(?: \(end of query\))? \(line (\d+), col(?:umn)? (\d+)\)/;

/** Returns the place in the file that the engine complains about, such as `sql/tests/x.sql:12`; the path alone if unknown. */
function placeIn(
  file: Pick<SqlFile, 'path' | 'text'> & { statement: string; wrapped: number },
  message: string,
): string {
  const { path, text, statement, wrapped } = file;
  const begins = text.indexOf(statement);
  const [, line] = POSITION.exec(message) ?? [];
  if (line !== undefined && begins >= 0)
    return `${path}:${text.slice(0, begins).split('\n').length + Math.max(1, Number(line) - wrapped) - 1}`;
  for (const [, one, two, three] of message.matchAll(/`([^`]+)`|'([^']+)'|family: (\w+)/g)) {
    const name = (one ?? two ?? three ?? '').replaceAll(/\W/g, '\\$&');
    const place = name === '' ? path : placeOf(file, new RegExp(String.raw`(?<!\w)${name}(?!\w)`));
    if (place !== path) return place;
  }
  return path;
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
