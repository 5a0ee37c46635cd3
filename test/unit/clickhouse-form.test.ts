import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formOf } from '../../src/clickhouse/form.js';

/** Bytes that ClickHouse takes for one field of a form. */
const FIELD_BYTES = 131_072;

/** The fields of a form in their order. */
async function fieldsOf(statement: Parameters<typeof formOf>[0]): Promise<[string, string][]> {
  const { body, contentType } = formOf(statement);
  const [, boundary = ''] = /^multipart\/form-data; boundary=(.+)$/.exec(contentType) ?? [];
  const parts = body.split(`--${boundary}`);
  expect(parts.at(0)).toBe('');
  expect(parts.at(-1)).toBe('--\r\n');
  return await Promise.resolve(
    parts.slice(1, -1).map((part) => {
      const [, name = '', value = ''] =
        /^\r\nContent-Disposition: form-data; name="([^"]+)"\r\n\r\n(.*)\r\n$/s.exec(part) ?? [];
      return [name, value];
    }),
  );
}

describe('formOf', () => {
  test('sends a statement and its parameters as fields', async () => {
    const params = { day: '2026-11-05', most: 3, keys: ['a', "b'c\\d"], text: 'tab\t, line\n, return\r' };
    expect(await fieldsOf({ sql: 'SELECT {day:Date}', params })).toEqual([
      ['param_day', '2026-11-05'],
      ['param_most', '3'],
      ['param_keys', String.raw`['a','b\'c\\d']`],
      ['param_text', String.raw`tab\t, line\n, return\r`],
      ['query', 'SELECT {day:Date}'],
    ]);
  });

  test('sends a long text in pieces that the statement joins again, and leaves its neighbours alone', async () => {
    const text = 'ä\n𝄞'.repeat(50_000);
    const fields = await fieldsOf({ sql: 'SELECT {text:String}, {texts:String}', params: { text, texts: 'short' } });
    const pieces = fields.filter(([name]) => name.startsWith('param_text__'));
    expect(pieces.length).toBe(5);
    expect(pieces.map(([, piece]) => piece.replaceAll('\\n', '\n')).join('')).toBe(text);
    expect(fields.at(-1)).toEqual([
      'query',
      `SELECT concat(${pieces.map((_, index) => `{text__${index}:String}`).join(', ')}), {texts:String}`,
    ]);
  });

  test('sends a long list in pieces that the statement joins again', async () => {
    const keys = Array.from({ length: 500 }, (_, index) => `ключ ${index} `.padEnd(1_000, 'я'));
    const fields = await fieldsOf({ sql: 'SELECT has({keys:Array(String)}, 1)', params: { keys } });
    const pieces = fields.filter(([name]) => name.startsWith('param_keys__'));
    expect(pieces.length).toBeGreaterThan(10);
    expect(pieces.map(([, piece]) => piece.slice(1, -1)).join(',')).toBe(keys.map((key) => `'${key}'`).join(','));
    expect(fields.at(-1)?.[1]).toMatch(/^SELECT has\(arrayConcat\(\{keys__0:Array\(String\)\}, .*\), 1\)$/);
  });

  test('fits every field, cuts no character in two and loses nothing, whatever is sent', async () => {
    const long = fc.tuple(fc.string({ unit: 'binary', minLength: 1, maxLength: 5 }), fc.nat(25_000));
    await fc.assert(
      fc.asyncProperty(long, async ([unit, times]) => {
        const sql = unit.replaceAll(/[\r\n]/g, 'x').repeat(times);
        const fields = await fieldsOf({ sql, params: { text: unit.repeat(times), list: Array(times).fill(unit) } });
        expect(
          fields
            .filter(([name]) => name === 'query')
            .map(([, piece]) => piece)
            .join(''),
        ).toBe(sql);
        for (const [, value] of fields) {
          expect(Buffer.byteLength(value)).toBeLessThanOrEqual(FIELD_BYTES);
          expect(Buffer.from(value).toString()).toBe(value);
        }
      }),
      { numRuns: 20 },
    );
  });

  test('refuses what does not fit any form', () => {
    expect(() => formOf({ sql: 'x'.repeat(40_000_000) })).toThrow(RangeError);
    expect(() => formOf({ sql: '{a:Array(String)}', params: { a: ['x'.repeat(50_000)] } })).toThrow(RangeError);
  });
});
