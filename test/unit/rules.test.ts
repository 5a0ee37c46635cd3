import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { rulesTable } from '../oracle/rules.js';

const between = (text: string, begin: string, end: string) => text.split(begin)[1]?.split(end)[0]?.trim();

test('the reference has the written rules of conversion, as the oracle reads them', async () => {
  const reference = await readFile(new URL('../../docs/reference.md', import.meta.url), 'utf8');
  expect(between(reference, '<!-- from test/oracle/rules.json -->', '<!-- end -->')).toBe(rulesTable());
});
