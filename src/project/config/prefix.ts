import type { Day } from '../../shared/day.js';

/** The tokens of a source's prefix, each with its possible numbers of digits. */
const TOKENS: Record<string, readonly number[]> = { YYYY: [4], MM: [2], DD: [2], M: [1, 2], D: [1, 2] };
const TOKEN = /\{([^{}]*)\}/g;
/** Placeholder for one digit of a token; does not occur in keys. */
const ANY_DIGIT = '\0';

const tokensOf = (text: string): string[] => [...text.matchAll(TOKEN)].map(([, token]) => token ?? '');

/** Returns true if all braces are those of tokens, and no digit can follow a token of one or two digits. */
const isDated = (text: string): boolean =>
  !/[{}]/.test(text.replaceAll(TOKEN, '')) &&
  tokensOf(text).every((token) => token in TOKENS) &&
  !/\{[MD]\}([0-9{]|$)/.test(text);

/**
 * Returns true for a key prefix with a year, a month and a day, no other brace and no leading `/`. `{M}` and `{D}` have no leading
 * zero, so they must not be followed by a digit: `day=1` is also a prefix of `day=10`.
 */
export function isDatedPrefix(prefix: string): boolean {
  const found = tokensOf(prefix);
  const has = (...tokens: string[]) => tokens.some((token) => found.includes(token));
  return !prefix.startsWith('/') && isDated(prefix) && has('YYYY') && has('MM', 'M') && has('DD', 'D');
}

/** Returns the prefix of one date's folder: `raw/dt={YYYY}-{MM}-{DD}/` on `2026-11-10` is `raw/dt=2026-11-10/`. */
export function folderPrefix(prefix: string, day: Day): string {
  const [YYYY = '', MM = '', DD = ''] = day.split('-');
  const parts: Record<string, string> = { YYYY, MM, DD, M: String(Number(MM)), D: String(Number(DD)) };
  return prefix.replaceAll(TOKEN, (whole, token: string) => parts[token] ?? whole);
}

/**
 * Returns true for a valid marker: a name in the folder (`_SUCCESS`), a path from the folder (`../_SUCCESS`), or a key from the
 * bucket's root (`/done/{YYYY}-{MM}-{DD}`).
 */
export const isMarker = (marker: string): boolean => {
  const names = marker.replace(/^(\/|(\.\.\/)*)/, '').split('/');
  return isDated(`${marker}.`) && names.every((name) => name !== '..' && name !== '');
};

/** Returns the key of a source's marker for one date. A path that leads out of the bucket ends at its root. */
export function markerKey(prefix: string, marker: string, day: Day): string {
  if (marker.startsWith('/')) return folderPrefix(marker.slice(1), day);
  if (!marker.startsWith('../')) return folderPrefix(prefix + marker, day);
  const folders = prefix.split('/').slice(0, -1);
  let rest = marker;
  for (; rest.startsWith('../'); rest = rest.slice(3)) folders.pop();
  return folderPrefix([...folders, rest].join('/'), day);
}

/** Returns true if one object is the marker of every date: then only its last-modified time shows for which date it is. */
export const isSharedMarker = (prefix: string, marker: string): boolean =>
  markerKey(prefix, marker, '2000-01-01') === markerKey(prefix, marker, '2011-12-31');

/** Returns true if some date's folder is inside `place`, or `place` inside it: then one would read what the other writes. */
export const overlaps = (prefix: string, place: string): boolean =>
  spellings(prefix).some((wanted) => {
    for (let index = 0; index < Math.min(wanted.length, place.length); index++) {
      const [expected, actual] = [wanted.charAt(index), place.charAt(index)];
      if (expected === ANY_DIGIT ? !/\d/.test(actual) : expected !== actual) return false;
    }
    return true;
  });

/** Lists the forms of a prefix with {@link ANY_DIGIT} in place of its tokens, in each possible length. */
function spellings(prefix: string): string[] {
  const [whole, token] = /\{([^{}]*)\}/.exec(prefix) ?? [];
  if (whole === undefined) return [prefix];
  return (TOKENS[token ?? ''] ?? [0]).flatMap((digits) => spellings(prefix.replace(whole, ANY_DIGIT.repeat(digits))));
}
