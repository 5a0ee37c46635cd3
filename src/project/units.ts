import ms from 'ms';

const DURATION = /^\d+(\.\d+)? ?[a-z]+$/i;
const SIZE = /^(\d+(?:\.\d+)?) ?(B|[KMGT]i?B)$/i;
const POWERS = 'KMGT';

/** Milliseconds of a text such as `10 minutes` or `36h`; undefined where it is not a duration. A number alone has no unit, so it is none. */
export function parseDuration(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  const value: unknown = ms(text as ms.StringValue);
  return typeof value === 'number' && Number.isFinite(value) ? Math.round(value) : undefined;
}

/** Bytes of a text such as `128 MiB` (1024²) or `500 MB` (1000²); undefined where it is not a size. */
export function parseSize(text: string): number | undefined {
  const [, amount, unit] = SIZE.exec(text) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  const power = POWERS.indexOf(unit.charAt(0).toUpperCase()) + 1;
  return Math.round(Number(amount) * (unit.includes('i') ? 1024 : 1000) ** power);
}

/** `{ share }` of a text such as `1%`, between 0 and 100; undefined where it is not one. */
export function parseShare(text: string): { share: number } | undefined {
  const [, amount] = /^(\d+(?:\.\d+)?) ?%$/.exec(text) ?? [];
  const share = Number(amount) / 100;
  return amount !== undefined && share <= 1 ? { share } : undefined;
}
