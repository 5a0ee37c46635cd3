/** A name as ClickHouse reads it whatever it contains. The only way in which a name reaches a statement's text. */
export const name = (identifier: string): string => `\`${identifier.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;

/** A string literal. For values that are part of a type or an expression; everything else is bound as a parameter. */
export const literal = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** `database.table`, both quoted. */
export const table = (database: string, identifier: string): string => `${name(database)}.${name(identifier)}`;

/** Names in a list: "`a`, `b`". */
export const names = (identifiers: readonly string[]): string => identifiers.map(name).join(', ');
