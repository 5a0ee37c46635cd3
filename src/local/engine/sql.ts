/** A text as a literal of ClickHouse's SQL. */
export const quoted = (text: string): string => `'${escaped(text, "'")}'`;
/** A name as an identifier of ClickHouse's SQL. */
export const identifier = (name: string): string => `\`${escaped(name, '`')}\``;
/** A text as an expression that does not show it: a statement about other statements' texts must not find itself. */
export const hidden = (text: string): string => `unhex('${Buffer.from(text).toString('hex')}')`;

const escaped = (text: string, quote: string): string => text.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`);
