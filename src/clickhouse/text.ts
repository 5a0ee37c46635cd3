/** Quotes a name, whatever it contains. Every name in a statement's text goes through here. */
export const name = (identifier: string): string => `\`${identifier.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;

/** Writes a string literal. For values that are part of a type or an expression; all others are bound as parameters. */
export const literal = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** Writes `database.table`, both quoted. */
export const table = (database: string, identifier: string): string => `${name(database)}.${name(identifier)}`;

/** Writes a list of quoted names: "`a`, `b`". */
export const names = (identifiers: readonly string[]): string => identifiers.map(name).join(', ');
