import { readFileSync } from 'node:fs';

/*
 * Statements that never change are `.sql` files beside the module that runs them. In a file of several, each begins with a line
 * `-- name: <name>`; `{{name}}` is replaced by another statement of the file, in parentheses.
 */

const NAME = /^-- name: (\w+)\n/gm;

/**
 * Reads the named statements of a file, without their comments.
 *
 * @throws RangeError if the file has others than the given names
 */
export function readStatements<Name extends string>(url: URL, names: readonly Name[]): Record<Name, string> {
  const [, ...parts] = readFileSync(url, 'utf8').split(NAME);
  const found = new Map<string, string>();
  for (let at = 0; at < parts.length; at += 2) found.set(parts[at] ?? '', statementBody(parts[at + 1] ?? ''));
  if ([...found.keys()].sort().join() !== [...names].sort().join())
    throw new RangeError(
      `${url.pathname} holds the statements ${[...found.keys()].join(', ')}; expected ${names.join(', ')}`,
    );
  const whole = (name: string): string =>
    (found.get(name) ?? '').replaceAll(/\{\{(\w+)\}\}/g, (_, other: string) => `(\n${whole(other)}\n)`);
  return Object.fromEntries(names.map((name) => [name, whole(name)])) as Record<Name, string>;
}

/** Splits a file of statements that end with semicolons, such as a definition of tables; each without its comments. */
export const statementsIn = (script: string): string[] =>
  script
    .split(/;\s*(?:\n|$)/)
    .map(statementBody)
    .filter((sql) => sql !== '');

/** Only lines that are comments as a whole are removed. */
const statementBody = (sql: string): string => sql.replaceAll(/^ *--.*\n?/gm, '').trim();
