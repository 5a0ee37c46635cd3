import { readFile, writeFile } from 'node:fs/promises';
import { pythonVersion } from '../clients/python.js';
import { parquetTable } from './oracle.js';
import { rulesTable } from './rules.js';

/* node --import tsx test/oracle/docs.ts writes the rules into docs/, whose tests compare them. */

async function write(path: string, begin: string, table: string): Promise<void> {
  const file = new URL(`../../docs/${path}`, import.meta.url);
  const [before = '', rest = ''] = (await readFile(file, 'utf8')).split(begin);
  const [, after = ''] = rest.split('<!-- end -->');
  await writeFile(file, `${before}${begin}\n\n${table}\n\n<!-- end -->${after}`);
}

await write('reference.md', '<!-- from test/oracle/rules.json -->', rulesTable());
await write('parquet.md', '<!-- from test/oracle -->', await parquetTable((await pythonVersion()) ?? ''));
