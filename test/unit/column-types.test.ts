import { describe, expect, test } from 'vitest';
import { bare, isComposite, isNullable, parseType } from '../../src/conversions/column-types.js';

describe('parseType', () => {
  test('splits arguments that are not types as they are written', () => {
    expect(parseType("DateTime64(3, 'Europe/Berlin')")).toMatchObject({
      base: 'DateTime64',
      of: [],
      literals: ['3', "'Europe/Berlin'"],
    });
    expect(parseType("Enum8('a, b' = 1, 'it\\'s (c)' = -2)").literals).toEqual(["'a, b' = 1", "'it\\'s (c)' = -2"]);
    expect(parseType('UInt8')).toEqual({ base: 'UInt8', of: [], literals: [], text: 'UInt8' });
  });

  test('reads types within types, with the names of a tuple', () => {
    const type = parseType(
      "Array(Tuple(at DateTime64(3, 'UTC'), `odd, name` Nullable(Decimal(10, 2)), tags Map(String, UInt8)))",
    );
    const tuple = type.of[0]?.type;
    expect(tuple?.of.map(({ name, type: { text } }) => [name, text])).toEqual([
      ['at', "DateTime64(3, 'UTC')"],
      ['odd, name', 'Nullable(Decimal(10, 2))'],
      ['tags', 'Map(String, UInt8)'],
    ]);
    expect(parseType('Tuple(String, UInt8)').of.map(({ name }) => name)).toEqual(['', '']);
  });

  test.each(['', '(', 'UInt8)', "'text'"])("'%s' is not a type", (text) => {
    expect(() => parseType(text)).toThrow(RangeError);
  });
});

test.each([
  ['String', 'String', false],
  ['Nullable(String)', 'String', true],
  ['LowCardinality(String)', 'String', false],
  ['LowCardinality(Nullable(String))', 'String', true],
  ['Array(Nullable(String))', 'Array(Nullable(String))', false],
])('%s is %s without its wrapping, nullable: %s', (text, inner, nullable) => {
  expect(bare(parseType(text)).text).toBe(inner);
  expect(isNullable(parseType(text))).toBe(nullable);
});

test('composites are those that hold other values', () => {
  const composite = (text: string) => isComposite(parseType(text));
  expect(['Array(String)', 'Map(String, UInt8)', 'Tuple(a UInt8)'].every(composite)).toBe(true);
  expect(['String', 'Decimal(10, 2)', "Enum8('a' = 1)"].some(composite)).toBe(false);
});
