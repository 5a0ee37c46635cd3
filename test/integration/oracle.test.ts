import { readFile } from 'node:fs/promises';
import { expect, inject, test } from 'vitest';
import { pythonVersion } from '../clients/python.js';
import { parquetTable, runOracle } from '../oracle/oracle.js';

const python = await pythonVersion();
if (!python) console.warn('SKIPPED: the oracle needs python3, 3.10 or newer.');

test.skipIf(!python)(
  '20,000 lines and four Parquet files become what the written rules say',
  async () => {
    const options = { seed: 'sample', lines: 20_000, files: 4, python: python ?? '' };
    const { words } = await runOracle(inject('stack'), options, () => undefined);
    expect(words).toMatch(/^\d+ lines, 0 fates differ, 0 values differ$/);
  },
  1_200_000,
);

test.skipIf(!python)('docs/parquet.md lists what each Parquet type fits, as the oracle says', async () => {
  const text = await readFile(new URL('../../docs/parquet.md', import.meta.url), 'utf8');
  const [, table] = /<!-- from test\/oracle -->\n\n([^]*?)\n\n<!-- end -->/.exec(text) ?? [];
  expect(table).toBe(await parquetTable(python ?? ''));
});
