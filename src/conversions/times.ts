import { literal } from '../clickhouse/text.js';
import { EPOCH_UNITS, type ColumnType, type EpochUnit } from './column-types.js';
import { decimal, matches } from './numbers.js';

const ISO_DATE = '^[0-9]{4}-[0-9]{2}-[0-9]{2}$';

/** Casts to a date. The result must print as the text, in the narrow type too: parsers roll over, casts wrap around. */
export function date(type: ColumnType, text: string): string {
  const wide = `toDate32OrNull(${text})`;
  const value = type.base === 'Date' ? `CAST(${wide}, 'Nullable(Date)')` : wide;
  return `if(${matches(text, ISO_DATE)} AND toString(${wide}) = ${text} AND toString(${value}) = ${text}, ${value}, NULL)`;
}

/**
 * Years 1 to 9999: the parser ignores a year, month or day 0, so that 2026-00-10 would be 10 January. It refuses days that a month does
 * not have. The last day is handled apart, because an offset can lead out of it.
 */
const DAY =
  '([1-8][0-9]{3}|9[0-8][0-9]{2}|99[0-8][0-9]|999[0-8]|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])';
const DAY_OF_9999 = '9999-(0[1-9]|1[01])-(0[1-9]|[12][0-9]|3[01])|9999-12-(0[1-9]|[12][0-9]|30)';

const UTC = ' ?[Zz]| UTC| ?[+-]00(:?00)?';
/** No time zone is more than 14 hours from UTC. */
const OFFSET = `(${UTC}| ?[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)`;

/** Casts a text to a moment, or a number if the type has a unit. */
export function dateTime(type: ColumnType, text: string): string {
  const written = writtenTime(type, text);
  if (type.unit === undefined) return written;
  return `if(${matches(text, '^[-+]?[0-9]+([.eE]|$)')}, ${epochTicks(type, type.unit, text)}, ${written})`;
}

function writtenTime(type: ColumnType, text: string): string {
  const { zone, digits } = timeOf(type);
  const fraction = digits === 0 ? '([.,]0+)?' : `([.,][0-9]{1,${digits}}0*)?`;
  const clock = `[Tt ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]${fraction})?`;
  const pattern = `^((${DAY}|${DAY_OF_9999})${clock}${OFFSET}?|9999-12-31${clock}(${UTC})?)$`;
  // Without a fraction the parser clamps to the range of DateTime, whatever the type.
  const parsed = Math.max(digits, 1);
  const moment = `parseDateTime64BestEffortOrNull(${spelled(text)}, ${parsed}, ${zone})`;
  const value = parsed === digits ? moment : fromTicks(type, ticksOf(moment, 'DateTime64'), parsed);
  if (zone === "'UTC'") return `if(${matches(text, pattern)}, ${value}, NULL)`;
  // Without an offset the text is a local time, and some local times do not exist: clocks jump in spring.
  const back = `substring(toString(${value}), 1, 16) = concat(substring(${text}, 1, 10), ' ', substring(${text}, 12, 5))`;
  return `if(${matches(text, pattern)} AND (${matches(text, `${OFFSET}$`)} OR ${back}), ${value}, NULL)`;
}

/** Normalizes the spelling: `T`, `Z`, a point, and minutes in the offset. */
const spelled = (text: string) =>
  `replaceRegexpOne(replaceOne(translate(${text}, 'tz,', 'TZ.'), ' UTC', 'Z'), '([T ].{5,}[+-][0-9]{2})$', '\\\\1:00')`;

/** Casts a number since 1970. */
function epochTicks(type: ColumnType, unit: EpochUnit, text: string): string {
  const { digits } = timeOf(type);
  const shift = digits - UNIT_DIGITS[unit];
  const number = decimal({ base: 'Decimal', of: [], literals: ['40', '18'], text: 'Decimal(40, 18)' }, text);
  const power = shift < 0 ? `0.${'1'.padStart(-shift, '0')}` : '1'.padEnd(shift + 1, '0');
  const ticks = `accurateCastOrNull(toString(${number} * toDecimal256('${power}', ${Math.max(0, -shift)})), 'Int128')`;
  return fromTicks(type, ticks, digits);
}

const UNIT_DIGITS = Object.fromEntries(EPOCH_UNITS.map((unit, index) => [unit, index * 3])) as Record<
  EpochUnit,
  number
>;

/** Returns the zone and the fractional digits of a DateTime or DateTime64. */
export function timeOf(type: ColumnType): { zone: string; digits: number } {
  const zone = type.base === 'DateTime' ? type.literals[0] : type.literals[1];
  return { zone: zone ?? "'UTC'", digits: type.base === 'DateTime' ? 0 : Number(type.literals[0] ?? 3) };
}

/** Seconds since 1970 at which the years 0 and 10,000 begin, the range that a DateTime64 can print. */
const [YEAR_0, YEAR_10000] = [-62_167_219_200n, 253_402_300_800n];
const INT64 = 2n ** 63n;

/** Writes the ticks of a DateTime or DateTime64 as an Int128. */
export const ticksOf = (moment: string, base: string): string =>
  `toInt128(${base === 'DateTime' ? `toUnixTimestamp(${moment})` : `reinterpretAsInt64(${moment})`})`;

/** Casts ticks of `given` fractional digits to a moment; NULL if the type cannot hold it. ClickHouse's casts wrap or clamp. */
export function fromTicks(type: ColumnType, ticks: string, given: number): string {
  const { digits } = timeOf(type);
  const step = 10n ** BigInt(Math.abs(given - digits));
  const kept = given > digits ? `intDiv(${ticks}, ${step})` : given < digits ? `${ticks} * ${step}` : ticks;
  const whole = given > digits ? ` AND ${ticks} % ${step} = 0` : '';
  const scale = 10n ** BigInt(digits);
  const [first, last] =
    type.base === 'DateTime'
      ? [0n, 2n ** 32n - 1n]
      : [
          later(YEAR_0 * scale, (-INT64 / 1_000_000_000n) * 1_000_000_000n),
          -later(-(YEAR_10000 * scale - 1n), -(INT64 - 1n)),
        ];
  const value =
    type.base === 'DateTime'
      ? `CAST(toUInt32(assumeNotNull(${kept})), ${literal(type.text)})`
      : `reinterpret(toInt64(assumeNotNull(${kept})), ${literal(type.text)})`;
  return `if(ifNull(${kept} BETWEEN ${wide(first)} AND ${wide(last)}${whole}, false), ${value}, NULL)`;
}

/**
 * Returns the value of a DateTime64 of 7 or 8 digits, or NULL if a chunk can't hold it: Parquet has such times in nanoseconds, whose
 * range is smaller. Every other value as it is.
 */
export function storable(type: ColumnType, value: string): string {
  const { digits } = timeOf(type);
  if (type.base !== 'DateTime64' || digits < 7 || digits > 8) return value;
  const scale = 10n ** BigInt(digits);
  const first = (-INT64 / 1_000_000_000n) * scale;
  const last = (INT64 - 1n) / 10n ** BigInt(9 - digits);
  return `if(ifNull(${ticksOf(value, type.base)} BETWEEN ${wide(first)} AND ${wide(last)}, false), ${value}, NULL)`;
}

const later = (a: bigint, b: bigint) => (a > b ? a : b);
const wide = (ticks: bigint) => (ticks < 0n ? `toInt128('${ticks}')` : String(ticks));

/** First and last day that a type holds, since 1970-01-01. */
const DAYS = { Date: [0, 65_535], Date32: [-25_567, 120_529] } as const;

/** Casts days since 1970 to a Date or Date32; NULL if it cannot hold them. */
export function fromDays(type: ColumnType, days: string): string {
  const [first, last] = type.base === 'Date' ? DAYS.Date : DAYS.Date32;
  return `if(${days} BETWEEN ${first} AND ${last}, CAST(${days}, ${literal(`Nullable(${type.text})`)}), NULL)`;
}

/**
 * Writes days since 1970 as a date of any year from 0 to 9999. Dates repeat every 400 years, which is exactly the range of Date32.
 */
export function daysText(days: string): string {
  const [first] = DAYS.Date32;
  const cycle = 146_097;
  const since = `(toInt64(${days}) - (${first}))`;
  const turned = `toString(CAST(positiveModulo(${since}, ${cycle}) + (${first}), 'Nullable(Date32)'))`;
  const year = `toString(toInt32OrZero(substring(${turned}, 1, 4)) + 400 * toInt32(floor(${since} / ${cycle})))`;
  return `if(${days} BETWEEN -719528 AND 2932896, concat(leftPad(${year}, 4, '0'), substring(${turned}, 5)), NULL)`;
}
