/** A ClickHouse type as a tree: `Tuple(os String, v Nullable(UInt8))` has two arguments, named `os` and `v`. */
export interface ColumnType {
  /** `Nullable`, `Array`, `Decimal`, … */
  base: string;
  /** Types among the arguments; for a Tuple with their names. */
  of: { name: string; type: ColumnType }[];
  /** Arguments that are not types, as written: `'Europe/Berlin'`, `3`, `'a' = 1`. */
  literals: string[];
  /** The whole type as ClickHouse writes it. */
  text: string;
  /** The unit of numbers in a time column; without it, a number is not a time. */
  unit?: EpochUnit;
}

/** Units of numbers that count from 1970-01-01 00:00:00 UTC. */
export const EPOCH_UNITS = ['seconds', 'milliseconds', 'microseconds', 'nanoseconds'] as const;
export type EpochUnit = (typeof EPOCH_UNITS)[number];

const WITH_TYPES = new Set(['Nullable', 'LowCardinality', 'Array', 'Map', 'Tuple', 'Nested']);

/** Parses a type as `system.columns` or `DESCRIBE` writes it. Throws a RangeError for any other text. */
export function parseType(text: string): ColumnType {
  const trimmed = text.trim();
  const match = /^([A-Za-z][A-Za-z0-9_]*)(?:\(([\s\S]*)\))?$/.exec(trimmed);
  if (!match?.[1]) throw new RangeError(`not a column type: ${text}`);
  const base = match[1];
  const parts = match[2] === undefined ? [] : splitArguments(match[2]);
  if (!WITH_TYPES.has(base)) return { base, of: [], literals: parts, text: trimmed };
  return { base, of: parts.map((part) => argument(base, part)), literals: [], text: trimmed };
}

/** Returns the type with a unit of numbers on each of its times. */
export function withUnit(type: ColumnType, unit: EpochUnit | undefined): ColumnType {
  if (unit === undefined) return type;
  return { ...type, unit, of: type.of.map((part) => ({ ...part, type: withUnit(part.type, unit) })) };
}

/** Returns the type at a position among a type's arguments. */
export function elementOf(type: ColumnType, position: number): ColumnType {
  const element = type.of[position]?.type;
  if (!element) throw new RangeError(`${type.text} lacks an argument`);
  return element;
}

/** Returns the type without `Nullable` and `LowCardinality` around it. */
export function bare(type: ColumnType): ColumnType {
  const inner = type.base === 'Nullable' || type.base === 'LowCardinality' ? type.of[0]?.type : undefined;
  return inner ? bare(inner) : type;
}

/** True for `Nullable(X)` and `LowCardinality(Nullable(X))`. */
export const isNullable = (type: ColumnType): boolean =>
  type.base === 'Nullable' || (type.base === 'LowCardinality' && type.of[0]?.type.base === 'Nullable');

/** True for types that hold other values and cannot be `Nullable` themselves. */
export const isComposite = (type: ColumnType): boolean => ['Array', 'Map', 'Tuple', 'Nested'].includes(type.base);

function argument(base: string, part: string): { name: string; type: ColumnType } {
  const named =
    base === 'Tuple' || base === 'Nested'
      ? /^(`(?:[^`\\]|\\.)+`|[A-Za-z_][A-Za-z0-9_]*)\s+(\S[\s\S]*)$/.exec(part)
      : null;
  if (!named?.[1] || !named[2]) return { name: '', type: parseType(part) };
  return { name: named[1].replace(/^`|`$/g, ''), type: parseType(named[2]) };
}

/** Splits at commas outside brackets and quotes. */
function splitArguments(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = '';
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (quote !== '') {
      if (char === '\\') at++;
      else if (char === quote) quote = '';
    } else if (char === "'" || char === '`') quote = char;
    else if (char === '(') depth++;
    else if (char === ')') depth--;
    else if (char === ',' && depth === 0) {
      parts.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  parts.push(text.slice(from).trim());
  return parts.filter((part) => part !== '');
}
