import { expect, test } from 'vitest';
import { settingsIn } from '../../src/project/apply/evolve.js';
import { definitionOf } from '../../src/project/schema/inspect.js';

const query = (settings: string, comment = '') =>
  `CREATE TABLE shop.t (\`day\` Date, \`s\` String DEFAULT ' SETTINGS a = 1, b = 2') ENGINE = MergeTree ORDER BY day SETTINGS ${settings}${comment}`;

test('one table has one definition, in whatever order its settings were given', () => {
  const comment = " COMMENT 'it\\'s, SETTINGS z = 1'";
  const one = definitionOf(query("index_granularity = 8192, disk = 'a, b', x = 1.5", comment));
  expect(one).toBe(definitionOf(query("x = 1.5, disk = 'a, b', index_granularity = 8192", comment)));
  expect(one).toBe(
    query("disk = 'a, b', index_granularity = 8192, x = 1.5", comment).replace('CREATE TABLE shop.t', 'CREATE TABLE t'),
  );
});

test('settings are read with the commas in their texts', () => {
  expect([...settingsIn("MergeTree ORDER BY day SETTINGS disk = 'a, b', index_granularity = 8192")]).toEqual([
    ['disk', "'a, b'"],
    ['index_granularity', '8192'],
  ]);
  expect([...settingsIn('MergeTree ORDER BY day')]).toEqual([]);
});
