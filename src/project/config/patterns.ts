/** What the wildcards of a pattern stand for, as regular expressions: `**` anything, `*` and `?` no `/`. */
const WILDCARDS: Readonly<Record<string, string>> = { '**/': '(?:.*/)?', '**': '.*', '*': '[^/]*', '?': '[^/]' };

/**
 * True where a name matches one of the patterns. A pattern without a `/` is held against the last part of the name, wherever
 * it is; one with a `/` against all of it.
 *
 * @param name a key behind the folder's prefix, such as `hour=00/part-1.json`
 */
export const matchesAny = (name: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) =>
    expressionOf(pattern).test(pattern.includes('/') ? name : name.slice(name.lastIndexOf('/') + 1)),
  );

const expressionOf = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern.replaceAll(/\*\*\/|\*\*|[*?]|[\\^$.|+()[\]{}]/g, (found) => WILDCARDS[found] ?? `\\${found}`)}$`,
    's',
  );
