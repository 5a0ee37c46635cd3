import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { parquetCorpus } from '../clients/parquet-corpus.js';
import { pythonVersion } from '../clients/python.js';
import { readCorpus, type Outcome } from '../oracle/corpus.js';

const python = await pythonVersion();
const corpus = python === undefined ? undefined : await parquetCorpus();
if (python === undefined) console.warn('SKIPPED: the public Parquet files need python3, 3.10 or newer.');
else if (!corpus) console.warn('SKIPPED: the public Parquet files (apache/parquet-testing) could not be downloaded.');

/** Valid files that are bad objects, each with its reason: ClickHouse can't read them, or their columns have no contract. */
const REFUSED: Record<string, RegExp> = {
  'datapage_v2_empty_datapage.snappy.parquet': /Malformed snappy compressed page/,
  'map_no_value.parquet': /^column my_map_no_v is Tuple.*Declare it in sql\/raw as it comes/,
  'repeated_no_annotation.parquet': /^it declares 0 rows, but 6 were read$/,
  'unknown-logical-type.parquet': /has a type that ClickHouse can't read/,
};

/** Values that no column of the wanted type holds. */
const REJECTED: Record<string, RegExp> = {
  // Year 290,000.
  'int96_from_spark.parquet': /^row 6: a: '0060B9C76EE2FFFFA8ABB0F9' does not fit/,
  'nested_structs.rust.parquet':
    /^row 1: ul_observation_date.min: '1608822900000000000 microseconds since 1970' does not fit/,
};

const outcomes = (folder: string): Promise<Map<string, Outcome>> =>
  readCorpus(inject('stack'), join(corpus ?? '', folder), python ?? '');

test.skipIf(corpus === undefined)(
  'public Parquet files have the values that pyarrow reads, or are bad objects by name',
  async () => {
    for (const [file, { fate, what }] of await outcomes('data')) {
      const refused = REFUSED[file];
      if (refused)
        expect({ fate, what }, file).toEqual({ fate: 'bad', what: expect.stringMatching(refused) as string });
      else if (/encrypted|corrupt|^incorrect_map|^large_string_map|^geospatial/.test(file))
        expect(fate, `${file}: ${what}`).toBe('bad');
      else
        expect({ fate, what }, file).toEqual({
          fate: 'equal',
          what: expect.stringMatching(REJECTED[file] ?? /^$/) as string,
        });
    }
  },
  1_200_000,
);

test.skipIf(corpus === undefined)(
  'public Parquet files that are damaged are bad objects',
  async () => {
    const found = [...(await outcomes('bad_data'))].filter(([, { fate }]) => fate !== 'bad').map(([file]) => file);
    // The first of these two is whole: another program refused it. Of the second, ClickHouse ignores that it begins inside of a list.
    expect(found).toEqual(['ARROW-GH-43605.parquet', 'ARROW-GH-45185.parquet']);
  },
  1_200_000,
);
