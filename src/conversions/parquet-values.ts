import type { Column } from '../clickhouse/column.js';
import { literal, name } from '../clickhouse/text.js';
import { castComposite, castValue } from './casts.js';
import { bare, elementOf, isComposite, isNullable, parseType, type ColumnType } from './column-types.js';
import { holding } from './conversions.js';
import { misfit, missing, typeInWords } from './faults.js';
import { fromText } from './scalars.js';
import { daysText, fromDays, fromTicks, ticksOf, timeOf } from './times.js';

/** A column of a Parquet object. */
export interface FileColumn {
  name: string;
  /** Its type in the structure with which ClickHouse reads it. */
  reads: string;
  /**
   * The type of its values. In addition to ClickHouse's types: `Days` (since 1970), `INT96` (a time as 12 bytes), `TimeOfDay(digits)`,
   * `Binary` and `Bytes(n)` (bytes that need not be a text), `Json` (a text that is kept as it is), and `Null` for a column of nothing else.
   */
  type: string;
}

/** A leaf of a Parquet schema, in the order of the file. */
export interface ParquetLeaf {
  path: string;
  logical: string;
  physical: string;
}

/**
 * Returns how a column must be read so that no value changes: ClickHouse clamps or refuses dates that do not fit Date32, strips zero
 * bytes of fixed strings, and rewrites documents.
 *
 * @param described the type with which ClickHouse would read it
 * @param leaves the leaves of this column
 */
export function fileColumn(column: string, described: string, leaves: readonly ParquetLeaf[]): FileColumn {
  const type = parseType(described);
  const rest = [...leaves];
  const known = countLeaves(type) === leaves.length;
  const read = readAs(type, () => (known ? rest.shift() : undefined));
  return { name: column, reads: read.reads, type: read.type };
}

const countLeaves = (type: ColumnType): number => {
  const inner = bare(type);
  return isComposite(inner) ? inner.of.reduce((sum, part) => sum + countLeaves(part.type), 0) : 1;
};

interface Read {
  reads: string;
  type: string;
}

function readAs(type: ColumnType, next: () => ParquetLeaf | undefined): Read {
  if (type.base === 'Nullable' || type.base === 'LowCardinality')
    return around('Nullable', [['', readAs(elementOf(type, 0), next)]]);
  if (isComposite(type))
    return around(
      type.base,
      type.of.map((part) => [part.name, readAs(part.type, next)]),
    );
  const leaf = next();
  if (leaf?.logical === 'Null') return { reads: type.text, type: 'Null' };
  if (leaf?.physical === 'INT96') return { reads: 'FixedString(12)', type: 'INT96' };
  if (leaf?.logical.startsWith('Time(') === true)
    return { reads: type.text, type: `TimeOfDay(${type.literals[0] ?? '0'})` };
  if (type.base === 'Date32' || type.base === 'Date') return { reads: 'Int32', type: 'Days' };
  if (type.base === 'FixedString') return { reads: type.text, type: `Bytes(${type.literals[0] ?? '0'})` };
  if (type.base === 'String' && leaf?.logical === 'None') return { reads: type.text, type: 'Binary' };
  if (type.base === 'JSON' || type.base === 'Object') return { reads: 'String', type: 'Json' };
  return { reads: type.text, type: type.text };
}

function around(base: string, parts: readonly (readonly [field: string, read: Read])[]): Read {
  const all = (of: keyof Read) =>
    `${base}(${parts.map(([field, read]) => (field === '' ? '' : `${name(field)} `) + read[of]).join(', ')})`;
  return { reads: all('reads'), type: all('type') };
}

/** A column of the contract, from what a Parquet object has under its name. */
export interface ParquetValue {
  value: string;
  /** Expression of what is wrong; '' if nothing is. */
  fault: string;
}

/** Returns the value of a column that the object does not have. */
export function absentValue(column: Column, type: ColumnType, what = missing(column.name, column.type)): ParquetValue {
  const composite = isComposite(bare(type));
  return {
    value: composite ? `defaultValueOfTypeName(${literal(holding(type))})` : `CAST(NULL, ${literal(holding(type))})`,
    fault: composite || isNullable(type) ? "''" : what,
  };
}

/**
 * Converts a column from its type in the file to the contract's, if the value stays the same. Undefined if no value of one type can
 * ever be a value of the other.
 */
export function parquetValue(column: Column, type: ColumnType, given: FileColumn): ParquetValue | undefined {
  const from = parseType(given.type);
  const there = name(column.name);
  if (bare(from).base === 'Null') return absentValue(column, type);
  if (!mayFit(from, type)) return undefined;
  if (isComposite(bare(type))) {
    const options = { scalar: parquetScalar, shown: parquetText, objects: true };
    const { value, fault } = castComposite(there, from, type, column.name, options);
    return { value: `CAST(${value}, ${literal(holding(type))})`, fault: fault ?? "''" };
  }
  const value = parquetScalar(there, bare(from), bare(type));
  const gone = isNullable(type) ? "''" : `if(${there} IS NULL, ${missing(column.name, column.type)}, '')`;
  if (value === there) return { value, fault: gone };
  const found = parquetText(there, bare(from));
  const lost = `${there} IS NOT NULL AND ${value} IS NULL`;
  return { value, fault: `if(${lost}, ${misfit(column.name, found, typeInWords(type))}, ${gone})` };
}

const TEXT = parseType('String');
const TWELVE_BYTES = parseType('FixedString(12)');

/** See {@link castValue}, for the types of a {@link FileColumn}. */
function parquetScalar(value: string, given: ColumnType, wanted: ColumnType): string {
  switch (given.base) {
    case 'Null':
      return `CAST(NULL, ${literal(`Nullable(${wanted.text})`)})`;
    case 'Days':
      return /^Date(32)?$/.test(wanted.base) ? fromDays(wanted, value) : castValue(daysText(value), TEXT, wanted);
    case 'INT96':
      return moment(int96Ticks(value), 9, wanted);
    case 'DateTime64':
      return moment(ticksOf(value, given.base), timeOf(given).digits, wanted);
    case 'TimeOfDay':
      return castValue(`substring(toString(${value}), 12)`, TEXT, wanted);
    case 'Bytes':
      return bytes(`substring(${value}, 1, ${given.literals[0] ?? '0'})`, wanted);
    case 'Json':
      return castValue(value, TEXT, wanted);
    case 'Binary':
      return bytes(value, wanted);
    default:
      return castValue(value, given, wanted);
  }
}

/** Writes the text of a value for a reason. */
const parquetText = (value: string, given: ColumnType): string =>
  ['Days', 'INT96', 'TimeOfDay', 'Bytes', 'DateTime64', 'Decimal'].includes(given.base)
    ? `ifNull(${parquetScalar(value, given, TEXT)}, ${unprintable(value, given)})`
    : value;

const UNIT_OF_DIGITS: Record<string, string> = { 0: 'seconds', 3: 'milliseconds', 6: 'microseconds', 9: 'nanoseconds' };

/** Writes what the file holds of a time that no calendar has; ClickHouse would print the first or the last one that it knows. */
function unprintable(value: string, given: ColumnType): string {
  if (given.base === 'INT96') return `hex(${value})`;
  if (given.base !== 'DateTime64') return `toString(${value})`;
  return `concat(toString(reinterpretAsInt64(${value})), ' ${UNIT_OF_DIGITS[timeOf(given).digits] ?? 'ticks'} since 1970')`;
}

/** Returns an expression of a column's value, and its type, as the text of a reject shows it: dates and times as people write them. */
export function readable(column: FileColumn): { value: string; type: string } {
  const given = bare(parseType(column.type));
  const there = name(column.name);
  if (given.base === 'DateTime64') {
    const iso = `concat(replaceOne(${parquetScalar(there, given, TEXT)}, ' ', 'T'), 'Z')`;
    return { value: `ifNull(${iso}, ${unprintable(there, given)})`, type: 'Nullable(String)' };
  }
  return ['Days', 'INT96', 'TimeOfDay'].includes(given.base)
    ? { value: parquetText(there, given), type: 'Nullable(String)' }
    : { value: there, type: column.reads };
}

/** Sixteen bytes are a UUID; its texts are longer. */
const bytes = (value: string, wanted: ColumnType): string =>
  wanted.base === 'UUID'
    ? fromText(wanted, `if(length(${value}) = 16, hex(${value}), ${value})`)
    : castValue(value, TEXT, wanted);

/** Day 2,440,588 of the Julian calendar began at noon of 1970-01-01; Parquet means its midnight. */
const int96Ticks = (value: string): string => {
  const part = (from: number, length: number) =>
    `substring(CAST(${value}, ${literal(`Nullable(${TWELVE_BYTES.text})`)}), ${from}, ${length})`;
  return `((toInt128(reinterpretAsInt32(${part(9, 4)})) - 2440588) * 86400000000000 + reinterpretAsInt64(${part(1, 8)}))`;
};

function moment(ticks: string, digits: number, wanted: ColumnType): string {
  if (wanted.base.startsWith('DateTime')) return fromTicks(wanted, ticks, digits);
  if (/^Date(32)?$/.test(wanted.base)) {
    const day = `86400${'0'.repeat(digits)}`;
    return `if(${ticks} % ${day} = 0, ${fromDays(wanted, `toInt64(intDiv(${ticks}, ${day}))`)}, NULL)`;
  }
  return castValue(momentText(ticks, digits), TEXT, wanted);
}

/** As the engine writes a time, in UTC: `2026-11-05 10:00:00.123`. */
function momentText(ticks: string, digits: number): string {
  const scale = `1${'0'.repeat(digits)}`;
  const fraction = digits === 0 ? '' : `, '.', leftPad(toString(positiveModulo(${ticks}, ${scale})), ${digits}, '0')`;
  const seconds = `toInt64(intDiv(${ticks} - positiveModulo(${ticks}, ${scale}), ${scale}))`;
  const clock = fromTicks(parseType("DateTime64(0, 'UTC')"), `toInt128(${seconds})`, 0);
  return `concat(toString(${clock})${fraction})`;
}

type Family = 'number' | 'float' | 'text' | 'date' | 'moment' | 'other';

function familyOf({ base }: ColumnType): Family {
  if (base.startsWith('Float')) return 'float';
  if (/^(U?Int\d+|Decimal|Bool)$/.test(base)) return 'number';
  if (/^(String|FixedString|Binary|Bytes|Json)$/.test(base)) return 'text';
  if (/^(Date(32)?|Days)$/.test(base)) return 'date';
  if (/^(DateTime(64)?|INT96)$/.test(base)) return 'moment';
  return 'other';
}

/** The families that each family can be converted to without doubt. */
const FITS: Record<Family, readonly Family[]> = {
  number: ['number', 'float', 'text'],
  float: ['number', 'float', 'text'],
  text: ['number', 'float', 'text', 'date', 'moment', 'other'],
  date: ['date', 'text'],
  moment: ['moment', 'date', 'text'],
  other: ['text'],
};

function mayFit(given: ColumnType, wanted: ColumnType): boolean {
  const [from, to] = [bare(given), bare(wanted)];
  if (from.base === 'Null') return true;
  if (!isComposite(from) && !isComposite(to)) return mayFitScalar(from, to);
  const shape = `${from.base} ${to.base}`;
  if (shape === 'Array Array') return mayFit(elementOf(from, 0), elementOf(to, 0));
  if (shape === 'Map Map') return [0, 1].every((part) => mayFit(elementOf(from, part), elementOf(to, part)));
  if (shape === 'Map Tuple')
    return bare(elementOf(from, 0)).base === 'String' && to.of.every(({ type }) => mayFit(elementOf(from, 1), type));
  if (shape === 'Tuple Map') return from.of.every(({ type }) => mayFit(type, elementOf(to, 1)));
  if (shape !== 'Tuple Tuple') return false;
  return to.of.every(({ name: field, type }) => {
    const found = from.of.find((one) => one.name === field);
    return !found || mayFit(found.type, type);
  });
}

function mayFitScalar(from: ColumnType, to: ColumnType): boolean {
  if (from.base === 'TimeOfDay' || from.base === 'Json') return familyOf(to) === 'text';
  // A number is a time only if the contract names its unit.
  if (to.base === 'Bool') return /^(Bool|U?Int\d+)$/.test(from.base) || familyOf(from) === 'text';
  if (from.base === 'Bool') return familyOf(to) === 'text';
  if (/^(number|float)$/.test(familyOf(from)) && familyOf(to) === 'moment') return to.unit !== undefined;
  return (
    from.base === to.base ||
    FITS[familyOf(from)].includes(familyOf(to)) ||
    (from.base === 'UInt32' && to.base === 'IPv4')
  );
}
