import type { Day } from '../../shared/day.js';

/** The tokens of a source's prefix, each with its number of digits. */
const TOKENS: Record<string, number> = { YYYY: 4, MM: 2, DD: 2 };
const TOKEN = /\{([^{}]*)\}/g;
/** Placeholder for one digit of a token; does not occur in keys. */
const ANY_DIGIT = '\0';

/** Returns true for a key prefix that has each of `{YYYY}`, `{MM}`, `{DD}` at least once, no other brace and no leading `/`. */
export function isDatedPrefix(prefix: string): boolean {
  const found = [...prefix.matchAll(TOKEN)].map(([, token]) => token ?? '');
  return (
    !prefix.startsWith('/') &&
    !/[{}]/.test(prefix.replaceAll(TOKEN, '')) &&
    found.every((token) => token in TOKENS) &&
    Object.keys(TOKENS).every((token) => found.includes(token))
  );
}

/** Returns the prefix of one date's folder: `raw/dt={YYYY}-{MM}-{DD}/` on `2026-11-10` is `raw/dt=2026-11-10/`. */
export function folderPrefix(prefix: string, day: Day): string {
  const [YYYY = '', MM = '', DD = ''] = day.split('-');
  const parts: Record<string, string> = { YYYY, MM, DD };
  return prefix.replaceAll(TOKEN, (whole, token: string) => parts[token] ?? whole);
}

/** Returns true if some date's folder is inside `place`, or `place` inside it: then one would read what the other writes. */
export function overlaps(prefix: string, place: string): boolean {
  const wanted = prefix.replaceAll(TOKEN, (_, token: string) => ANY_DIGIT.repeat(TOKENS[token] ?? 0));
  for (let index = 0; index < Math.min(wanted.length, place.length); index++) {
    const [expected, actual] = [wanted.charAt(index), place.charAt(index)];
    if (expected === ANY_DIGIT ? !/\d/.test(actual) : expected !== actual) return false;
  }
  return true;
}
