import ms from 'ms';

const DURATION = /^\d+(\.\d+)? ?[a-z]+$/i;
const SIZE = /^(\d+(?:\.\d+)?) ?(B|[KMGT]i?B)$/i;
const POWERS = 'KMGT';

/**
 * Parses a text such as `10 minutes` or `36h` into milliseconds; undefined if it is not a duration. The unit is required, and `M` is
 * none: it may mean minutes or months.
 */
export function parseDuration(text: string): number | undefined {
  if (!DURATION.test(text) || /[\d ]M$/.test(text)) return undefined;
  const value: unknown = ms(text as ms.StringValue);
  return typeof value === 'number' && Number.isFinite(value) ? Math.round(value) : undefined;
}

/** Parses a text such as `128 MiB` (1024²) or `500 MB` (1000²), in any case, into bytes; undefined if it is not a size. */
export function parseSize(text: string): number | undefined {
  const [, amount, unit] = SIZE.exec(text) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  const power = POWERS.indexOf(unit.charAt(0).toUpperCase()) + 1;
  return Math.round(Number(amount) * (/i/i.test(unit) ? 1024 : 1000) ** power);
}

/** Parses a text such as `1%`, from 0 to 100, into `{ share }`; undefined if it is not one. */
export function parseShare(text: string): { share: number } | undefined {
  const [, amount] = /^(\d+(?:\.\d+)?) ?%$/.exec(text) ?? [];
  const share = Number(amount) / 100;
  return amount !== undefined && share <= 1 ? { share } : undefined;
}
