/** A piece of SQL text; the joined pieces of a text are the text itself. */
export interface Token {
  kind: 'space' | 'comment' | 'string' | 'quoted' | 'word' | 'symbol';
  text: string;
  /** Position of its first character. */
  start: number;
}

/** The form of each kind in ClickHouse's lexer; the first match wins. Block comments nest: see below. */
const FORMS: readonly (readonly [Token['kind'], RegExp])[] = [
  ['space', /\s+/y],
  ['comment', /--[^\n]*|#[ !][^\n]*/y],
  ['string', /'(?:[^'\\]|\\[^]|'')*(?:'|$)|‘[^’]*(?:’|$)|(\$\w*\$)[^]*?\1/y],
  ['quoted', /`(?:[^`\\]|\\[^]|``)*(?:`|$)|"(?:[^"\\]|\\[^]|"")*(?:"|$)|“[^”]*(?:”|$)/y],
  ['word', /[\p{L}\p{N}_$]+/uy],
];

/**
 * Splits SQL into tokens, just precisely enough to find the ends of statements, strings and comments; the engine does the rest.
 * An unclosed string or comment is one token up to the end.
 */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  for (let start = 0; start < sql.length;) {
    const token = tokenAt(sql, start);
    tokens.push(token);
    start += token.text.length;
  }
  return tokens;
}

function tokenAt(sql: string, start: number): Token {
  if (sql.startsWith('/*', start)) return { kind: 'comment', text: blockComment(sql, start), start };
  for (const [kind, form] of FORMS) {
    form.lastIndex = start;
    const text = form.exec(sql)?.[0];
    if (text) return { kind, text, start };
  }
  return { kind: 'symbol', text: sql.charAt(start), start };
}

function blockComment(sql: string, start: number): string {
  const bounds = /\/\*|\*\//g;
  bounds.lastIndex = start;
  let depth = 0;
  for (let bound = bounds.exec(sql); bound; bound = bounds.exec(sql)) {
    depth += bound[0] === '/*' ? 1 : -1;
    if (depth === 0) return sql.slice(start, bounds.lastIndex);
  }
  return sql.slice(start);
}

/** A statement: its text from its first word to its last, and its tokens without spaces and comments. */
export interface SqlStatement {
  text: string;
  tokens: Token[];
}

/** Splits a text into statements at `;`. Comments before, after and between them belong to none. */
export function statementsOf(sql: string): SqlStatement[] {
  const statements: SqlStatement[] = [];
  let tokens: Token[] = [];
  const close = () => {
    const [first, last] = [tokens[0], tokens.at(-1)];
    if (first && last) statements.push({ text: sql.slice(first.start, last.start + last.text.length), tokens });
    tokens = [];
  };
  for (const token of tokenize(sql)) {
    if (token.kind === 'symbol' && token.text === ';') close();
    else if (token.kind !== 'space' && token.kind !== 'comment') tokens.push(token);
  }
  close();
  return statements;
}

/** Returns the name in a word or a quoted token. */
export function identifierOf({ kind, text }: Token): string {
  if (kind !== 'quoted') return text;
  const quote = text.charAt(0);
  return text
    .slice(1, -1)
    .replaceAll(quote + quote, quote)
    .replaceAll(/\\([^])/g, '$1');
}
