import type { Column } from '../clickhouse/column.js';
import { literal, name } from '../clickhouse/text.js';
import { castValue } from './casts.js';
import { bare, isComposite, parseType, type ColumnType } from './column-types.js';
import { convertJson, holding, type Conversion } from './conversions.js';

/** A column of a Parquet object. */
export interface FileColumn {
  name: string;
  /** As the engine reads it. */
  type: string;
  /** A time of day, which the engine reads as a moment of 1970; a column of NULLs alone, which it reads as Int32; or neither. */
  kind: 'value' | 'time' | 'null';
}

/** A column of the contract, from what a Parquet object has under its name. */
export interface ParquetValue extends Conversion {
  /** Expression of the text that was found. */
  found: string;
  /** Expression that is true where nothing was found. */
  missing: string;
}

/** A composite column as JSON, made once a row in a step before the conversions. */
export const jsonOf = (column: string): string => name(`__json ${column}`);

/** The column that an object lacks: missing in every row. */
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
 * Converts a column from its type in the file to the contract's. Scalars go from type to type, and only as the same value;
 * composites go as JSON through the conversions that JSON lines have, decimals in quotes so that every digit arrives. The
 * answer is undefined where no value of the one type could ever be one of the other.
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
  // A column of 19.99s may hold a NaN, which JSON can't say and no sum survives.
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

/** From each family to those that have a value in common with it beyond doubt: a number is no time, because in which unit? */
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

/** Lists hold what lists hold; structs and maps are both objects. */
function holdsAlike(from: ColumnType, to: ColumnType): boolean {
  const isObject = ({ base }: ColumnType) => base === 'Tuple' || base === 'Map';
  return (from.base === 'Array' && to.base === 'Array') || (isObject(from) && isObject(to));
}
