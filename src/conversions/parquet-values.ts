import type { Column } from '../clickhouse/column.js';
import { literal, name } from '../clickhouse/text.js';
import { castValue } from './casts.js';
import { bare, isComposite, parseType, type ColumnType } from './column-types.js';
import { convertJson, holding, type Conversion } from './conversions.js';

/** A column of a Parquet object. */
export interface FileColumn {
  name: string;
  /** As ClickHouse reads it. */
  type: string;
  /** A time of day, which ClickHouse reads as a moment of 1970; a column of only NULLs, which it reads as Int32; or neither. */
  kind: 'value' | 'time' | 'null';
}

/** A column of the contract, converted from the Parquet column of the same name. */
export interface ParquetValue extends Conversion {
  /** Expression of the text that was found. */
  found: string;
  /** Expression that is true if there is no value. */
  missing: string;
}

/** Names a composite column as JSON, which is made once for each row in a step before the conversions. */
export const jsonOf = (column: string): string => name(`__json ${column}`);

/** Returns the value of a column that the object does not have. */
export function absentValue({ type }: Column): ParquetValue {
  const held = holding(parseType(type));
  return {
    value: isComposite(bare(parseType(type)))
      ? `defaultValueOfTypeName(${literal(held)})`
      : `CAST(NULL, ${literal(held)})`,
    unfit: '0',
    found: 'NULL',
    missing: '1',
  };
}

/**
 * Converts a column from its type in the file to the contract's. Scalars are cast only if the value stays the same; composites go
 * through JSON and its conversions, with decimals in quotes so that no digit is lost. Undefined if no value of one type can ever be a
 * value of the other.
 */
export function parquetValue(column: Column, given: FileColumn): ParquetValue | undefined {
  if (given.kind === 'null') return absentValue(column);
  const from = bare(parseType(given.type));
  const to = bare(parseType(column.type));
  if (isComposite(from) || isComposite(to)) {
    if (!holdsAlike(from, to)) return undefined;
    const json = jsonOf(column.name);
    return { ...convertJson(column.type, json), found: json, missing: '0' };
  }
  if (!mayFit(given, from, to)) return undefined;
  const there = name(column.name);
  const value = scalar(there, given, from, to);
  return {
    value,
    unfit: value === there ? '0' : `${there} IS NOT NULL AND ${value} IS NULL`,
    found: `toString(${there})`,
    missing: `${there} IS NULL`,
  };
}

const TEXT: ColumnType = parseType('String');

function scalar(there: string, given: FileColumn, from: ColumnType, to: ColumnType): string {
  if (given.kind === 'time') return castValue(`substring(toString(${there}), 12)`, TEXT, to);
  if (from.base === 'FixedString' && to.base === 'String') return `CAST(${there}, 'Nullable(String)')`;
  if (from.base === 'FixedString') return castValue(`CAST(${there}, 'Nullable(String)')`, TEXT, to);
  // A NaN cannot be written in JSON and makes every sum NaN.
  if (familyOf(from) === 'float' && from.text === to.text) return `if(isFinite(ifNull(${there}, nan)), ${there}, NULL)`;
  return castValue(there, from, to);
}

type Family = 'number' | 'float' | 'text' | 'date' | 'moment' | 'other';

function familyOf({ base }: ColumnType): Family {
  if (base.startsWith('Float')) return 'float';
  if (/^(U?Int\d+|Decimal|Bool)$/.test(base)) return 'number';
  if (/^(String|FixedString)$/.test(base)) return 'text';
  if (/^Date(32)?$/.test(base)) return 'date';
  if (/^DateTime(64)?$/.test(base)) return 'moment';
  return 'other';
}

/** The families that each family can be converted to without doubt: a number is not a time, since its unit is unknown. */
const FITS: Record<Family, readonly Family[]> = {
  number: ['number', 'float', 'text'],
  float: ['number', 'float', 'text'],
  text: ['number', 'float', 'text', 'date', 'moment', 'other'],
  date: ['date', 'text'],
  moment: ['moment', 'date', 'text'],
  other: ['text'],
};

const mayFit = (given: FileColumn, from: ColumnType, to: ColumnType): boolean =>
  given.kind === 'time'
    ? familyOf(to) === 'text'
    : from.base === to.base ||
      FITS[familyOf(from)].includes(familyOf(to)) ||
      (from.base === 'UInt32' && to.base === 'IPv4');

/** True for two lists, and for two of structs and maps, which are both objects in JSON. */
function holdsAlike(from: ColumnType, to: ColumnType): boolean {
  const isObject = ({ base }: ColumnType) => base === 'Tuple' || base === 'Map';
  return (from.base === 'Array' && to.base === 'Array') || (isObject(from) && isObject(to));
}
