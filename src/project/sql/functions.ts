import { identifierOf, tokenize } from './tokens.js';

/** CREATE statements of functions that users have defined in ClickHouse, by name. */
export type Definitions = Readonly<Record<string, string>>;

/**
 * Returns the definitions of the functions that a SELECT names, itself or through each other, in the order of their names; undefined if
 * it names none. A function counts wherever its name occurs, because it may be passed to another one without being called: a column of
 * the same name counts, too.
 */
export function namedFunctions(select: string, definitions: Definitions): string[] | undefined {
  const found = new Set<string>();
  const add = (sql: string): void => {
    for (const name of identifiersIn(sql)) {
      const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
      if (definition === undefined || found.has(name)) continue;
      found.add(name);
      add(definition);
    }
  };
  if (Object.keys(definitions).length > 0) add(select);
  return found.size === 0 ? undefined : [...found].sort().map((name) => definitions[name] ?? '');
}

const identifiersIn = (sql: string): string[] =>
  tokenize(sql)
    .filter(({ kind }) => kind === 'word' || kind === 'quoted')
    .map(identifierOf);
