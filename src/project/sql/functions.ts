import { identifierOf, statementsOf, type Token } from './tokens.js';

/** CREATE statements of functions that users have defined in ClickHouse, by name. */
export type Definitions = Readonly<Record<string, string>>;

/**
 * Returns the definitions of the functions that a SELECT names, itself or through each other, in the order of their names; undefined if
 * it names none.
 */
export function namedFunctions(select: string, definitions: Definitions): string[] | undefined {
  const found = new Set<string>();
  const add = (sql: string): void => {
    for (const name of namesUsed(sql)) {
      const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
      if (definition === undefined || found.has(name)) continue;
      found.add(name);
      add(definition);
    }
  };
  if (Object.keys(definitions).length > 0) add(select);
  return found.size === 0 ? undefined : [...found].sort().map((name) => definitions[name] ?? '');
}

/**
 * Returns the names that may be those of functions: they are called, applied to columns, or the first of several arguments, as in
 * `arrayMap(f, list)`. Any other name is a column's, and says nothing of a function of that name, which may belong to someone else.
 */
function namesUsed(sql: string): string[] {
  const tokens = statementsOf(sql).flatMap((statement) => statement.tokens);
  const isNamed = (token?: Token): token is Token => token?.kind === 'word' || token?.kind === 'quoted';
  return tokens.flatMap((token, at) => {
    if (!isNamed(token)) return [];
    const next = tokens[at + 1]?.text;
    const isInside = tokens[at - 1]?.text === '(';
    const before = tokens[isInside ? at - 2 : at - 1];
    const isApplied = before?.text.toUpperCase() === 'APPLY';
    const isFirst = isInside && isNamed(before) && next === ',';
    return next === '(' || isApplied || isFirst ? [identifierOf(token)] : [];
  });
}
