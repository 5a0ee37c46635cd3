import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readStatements, statementsIn } from '../../src/clickhouse/sql-file.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'daybook-sql-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const file = async (text: string) => {
  const path = join(folder, 'statements.sql');
  await writeFile(path, text);
  return pathToFileURL(path);
};

test('statements are read by name without their comments, and may include each other', async () => {
  const url = await file(
    '-- About all of them.\n\n-- name: rows\n-- What there is.\nSELECT 1 AS n\n\n-- name: sum\nSELECT sum(n)\nFROM {{rows}}\n',
  );
  expect(readStatements(url, ['rows', 'sum'])).toEqual({
    rows: 'SELECT 1 AS n',
    sum: 'SELECT sum(n)\nFROM (\nSELECT 1 AS n\n)',
  });
});

test('a missing statement and an unused one are refused', async () => {
  const url = await file('-- name: rows\nSELECT 1\n');
  expect(() => readStatements(url, ['rows', 'sum'])).toThrow(/holds the statements rows; expected rows, sum/);
  expect(() => readStatements(url, [])).toThrow(RangeError);
});

test('a script is cut at the semicolons that end its lines', () => {
  expect(statementsIn("-- First.\nSELECT ';';\n\n-- Last.\nSELECT 2;\n")).toEqual(["SELECT ';'", 'SELECT 2']);
});
