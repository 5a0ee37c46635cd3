import { literal, name } from '../clickhouse/text.js';
import { bare, elementOf, isComposite, isNullable, type ColumnType } from './column-types.js';
import {
  faultAt,
  faultIn,
  firstFault,
  LONE_SURROGATE,
  misfit,
  missing,
  typeInWords,
  type ElementFault,
} from './faults.js';
import { fromText } from './scalars.js';

/** A value of the contract from its leaf of a JSON line, in which every number is canonical or a text. */
export interface Conversion {
  /** Expression of the value; NULL (for composites: empty) if the text does not fit or is missing. */
  value: string;
  /** Writes an expression that is true if a text is present and does not fit, by the computed value. For a composite, use its fault. */
  unfit: (value: string) => string;
  /** Expression of what is wrong; '' if nothing is. For a scalar, only valid if it is unfit. */
  fault: string;
  /** Expression of a composite's elements as texts, which value and fault are made of; undefined for a scalar. */
  elements?: string;
}

/** Columns of earlier steps that hold parts of a composite's conversion, so that the engine analyzes each part once. */
export interface Made {
  elements?: string;
  value?: string;
}

/** A JSON leaf: its text without quotes (NULL if missing or null), and its JSON type. All are expressions. */
interface Leaf {
  text: string;
  jsonType: string;
}

/**
 * Converts one column of the contract from its leaf of the line. `line` and `leaf` are expressions, `key` is the JSON key.
 *
 * @param made what earlier steps have computed of the result
 */
export const convertColumn = (type: ColumnType, key: string, line: string, leaf: string, made: Made = {}): Conversion =>
  convert(type, { text: leaf, jsonType: `JSONType(${line}, ${literal(key)})` }, key, made);

function convert(type: ColumnType, leaf: Leaf, place: string, given: Made = {}): Conversion {
  const inner = bare(type);
  const of = COMPOSITES[inner.base];
  if (of === undefined) return convertScalar(type, inner, leaf, place);
  const made = of(inner, leaf, place, given);
  return { ...made, unfit: () => `${made.fault} != ''` };
}

type Composite = (type: ColumnType, leaf: Leaf, place: string, given: Made) => Omit<Conversion, 'unfit'>;

const COMPOSITES: Record<string, Composite> = { Array: convertArray, Map: convertMap, Tuple: convertTuple };

/** Codes of `[` and `{`. */
const OPENS = '91, 123';

function convertScalar(type: ColumnType, inner: ColumnType, leaf: Leaf, place: string): Conversion {
  const value = fromText(inner, leaf.text);
  // An object or array instead of a text arrives as JSON text; only then is the line parsed a second time.
  const nested = `if(ascii(${leaf.text}) IN (${OPENS}), ${leaf.jsonType} IN ('Object', 'Array'), false)`;
  return {
    value,
    // `a > b` for `NOT b AND a`: the engine compares the parts of every AND and OR with each other, with all that they are made of.
    unfit: (made) =>
      inner.base === 'String'
        ? nested
        : `(${inner.base === 'FixedString' ? `if(${made} IS NULL, true, ${nested})` : `${made} IS NULL`}) > (${leaf.text} IS NULL)`,
    fault: misfit(place, leaf.text, typeInWords(type)),
  };
}

/** Says what is wrong with a part of a composite, which is required unless its type is Nullable. `value` is the part's value. */
function partFault(type: ColumnType, leaf: Leaf, place: string, value: string): ElementFault {
  // A String's value is its text.
  const text = bare(type).base === 'String' ? value : leaf.text;
  const part = convert(type, { ...leaf, text }, place, { value });
  if (isComposite(bare(type))) return part.fault;
  const unfit = part.unfit(value);
  if (isNullable(type)) return { when: unfit, say: part.fault };
  const absent = `${text} IS NULL`;
  return {
    when: `if(${absent}, true, ${unfit})`,
    say: `if(${absent}, ${missing(place, type.text)}, ${part.fault})`,
  };
}

const inText = (fault: ElementFault) => (typeof fault === 'string' ? fault : `if(${fault.when}, ${fault.say}, '')`);

/** Makes a leaf of a raw JSON value with its quotes. */
const rawLeaf = (raw: string): Leaf => ({
  text: `JSONExtract(${raw}, 'Nullable(String)')`,
  jsonType: `JSONType(${raw})`,
});

const notA = (jsonType: string, type: ColumnType, leaf: Leaf, place: string, fault: string) =>
  `multiIf(${leaf.text} IS NULL, '', if(${leaf.text} = ${literal(LONE_SURROGATE)}, '', ${leaf.jsonType}) != '${jsonType}', ${misfit(place, leaf.text, type.text)}, ${fault})`;

/** True if a value's text says all about it; a String may also be the text of an object or an array. */
const saidByText = (type: ColumnType) => !isComposite(bare(type)) && !bare(type).base.endsWith('String');

function convertArray(type: ColumnType, leaf: Leaf, place: string, given: Made) {
  const element = elementOf(type, 0);
  const raw = `JSONExtractArrayRaw(ifNull(${leaf.text}, ''))`;
  const texts = saidByText(element);
  const one = texts ? { text: 'x', jsonType: "''" } : rawLeaf('x');
  const part = convert(element, one, '');
  const elements = texts ? `arrayMap(x -> ${rawLeaf('x').text}, ${raw})` : raw;
  const all = given.elements ?? elements;
  const value = `CAST(arrayMap(x -> ${part.value}, ${all}), ${literal(holding(type))})`;
  return {
    elements,
    value,
    fault: notA(
      'Array',
      type,
      leaf,
      place,
      faultIn(place, partFault(element, one, '', 'v'), all, given.value ?? value),
    ),
  };
}

/** Replaces a lone surrogate in a key: noncharacters, which no text contains. */
export const SURROGATE_MARK = '\uFDD0\uFDD1';

function convertMap(type: ColumnType, leaf: Leaf, place: string, given: Made) {
  const element = elementOf(type, 1);
  const raw = `JSONExtractKeysAndValuesRaw(ifNull(${leaf.text}, ''))`;
  const texts = saidByText(element);
  const one = texts ? { text: 'x.2', jsonType: "''" } : rawLeaf('x.2');
  const part = convert(element, one, '');
  // The first of equal keys counts, as everywhere in a line.
  const first = `arrayFilter((x, n) -> n = 1, ${raw}, arrayEnumerateUniq(arrayMap(x -> x.1, ${raw})))`;
  const elements = texts ? `arrayMap(x -> (x.1, ${rawLeaf('x.2').text}), ${first})` : first;
  const pairs = given.elements ?? elements;
  const value = `CAST(arrayMap(x -> (x.1, ${part.value}), ${pairs}), ${literal(holding(type))})`;
  const lone = `arrayExists(x -> position(x.1, ${literal(SURROGATE_MARK)}) > 0, ${pairs})`;
  const fault = faultAt(place, partFault(element, one, '', 'v'), pairs, `mapValues(${given.value ?? value})`);
  return {
    elements,
    value,
    fault: notA(
      'Object',
      type,
      leaf,
      place,
      `if(${lone}, ${literal(`${place}: a key has a lone surrogate`)}, ${fault})`,
    ),
  };
}

/** Converts a Tuple. All fields come from one parse; a field's JSON type is read only if its text is ambiguous. */
function convertTuple(type: ColumnType, leaf: Leaf, place: string, given: Made) {
  const object = `ifNull(${leaf.text}, '{}')`;
  const elements = `JSONExtract(${object}, ${literal(`Tuple(${type.of.map((field) => `${name(field.name)} Nullable(String)`).join(', ')})`)})`;
  const fields = type.of.map(({ name: field, type: fieldType }, index) => {
    const one = {
      text: `tupleElement(${given.elements ?? elements}, ${index + 1})`,
      jsonType: `JSONType(${object}, ${literal(field)})`,
    };
    const { value } = convert(fieldType, one, `${place}.${field}`);
    const made = given.value === undefined ? value : `tupleElement(${given.value}, ${index + 1})`;
    return { value, fault: inText(partFault(fieldType, one, `${place}.${field}`, made)) };
  });
  const other = `if(${leaf.text} IS NULL, 'Object', ${leaf.jsonType}) != 'Object'`;
  return {
    elements,
    value: `CAST(tuple(${fields.map(({ value }) => value).join(', ')}), ${literal(holding(type))})`,
    fault: `if(${other}, ${misfit(place, leaf.text, type.text)}, ${firstFault(fields.map(({ fault }) => fault)) ?? "''"})`,
  };
}

/** Returns the type that a normalized chunk stores: the declared one with every scalar Nullable, because a rejected line has no values. */
export function holding(type: ColumnType): string {
  const inner = bare(type);
  if (inner.base === 'Tuple')
    return `Tuple(${inner.of.map(({ name: field, type: part }) => (field === '' ? '' : `${name(field)} `) + holding(part)).join(', ')})`;
  if (inner.base === 'Map') return `Map(String, ${holding(elementOf(inner, 1))})`;
  if (inner.base === 'Array') return `Array(${holding(elementOf(inner, 0))})`;
  return `Nullable(${inner.text})`;
}
