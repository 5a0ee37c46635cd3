/** Characters of an expression that a reason quotes. */
const LONGEST = 80;

/**
 * Returns the expressions of a SELECT's list by the names that AS gives them, for reasons; clipped, and in one line. What is written in
 * another way is left out.
 */
export function expressionsOf(select: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const item of selectItems(select)) {
    const [, expression = '', column = ''] = /^([\s\S]+)\sAS\s+(`[^`]+`|\w+)$/i.exec(item.trim()) ?? [];
    const name = column.replaceAll('`', '');
    const text = expression.replaceAll(/\s+/g, ' ').trim();
    if (name !== '' && text !== name) found.set(name, text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
  }
  return found;
}

/** Strings, quoted names and comments are taken whole. */
const PARTS = /'(?:[^'\\]|\\[^]|'')*'|`(?:[^`\\]|\\[^])*`|"(?:[^"\\]|\\[^])*"|--[^\n]*|\/\*[^]*?\*\/|\w+|[^]/g;

/** Splits the list between SELECT and FROM at its commas. */
function selectItems(select: string): string[] {
  const items: string[] = [];
  let depth = 0;
  let item: string | undefined;
  for (const [part] of select.matchAll(PARTS)) {
    if (/^(--|\/\*)/.test(part)) continue;
    if (/^[([{]$/.test(part)) depth++;
    if (/^[)\]}]$/.test(part)) depth--;
    const word = depth === 0 ? part.toUpperCase() : '';
    if (item === undefined) {
      if (word === 'SELECT') item = '';
      continue;
    }
    if (word === 'FROM') break;
    if (word === ',') {
      items.push(item);
      item = '';
    } else item += part;
  }
  return item === undefined ? items : [...items, item];
}
