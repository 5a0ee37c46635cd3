/** The wildcards of a pattern as regular expressions: `**` matches anything, `*` and `?` no `/`. */
const WILDCARDS: Readonly<Record<string, string>> = { '**/': '(?:.*/)?', '**': '.*', '*': '[^/]*', '?': '[^/]' };

/**
 * Returns true if a name matches one of the patterns. A pattern without a `/` is matched against the last part of the name, one
 * with a `/` against the whole name.
 *
 * @param name the part of a key after the folder's prefix, such as `hour=00/part-1.json`
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
