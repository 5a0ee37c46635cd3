import { expect, test } from 'vitest';
import { expressionsOf } from '../../src/raw/expressions.js';

test('the expressions of a SELECT are known by the names that it gives them', () => {
  const select = `
WITH lower(type) AS kind
SELECT toDate(ts) AS day, -- a day, of course
  id, multiIf(a = ', ', 1,
    2) AS \`odd name\`, kind AS kind, [1, 2] AS list, '${'x'.repeat(90)}' AS long, * EXCEPT (ts), _source
FROM raw_events`;
  expect([...expressionsOf(select)]).toEqual([
    ['day', 'toDate(ts)'],
    ['odd name', "multiIf(a = ', ', 1, 2)"],
    ['list', '[1, 2]'],
    ['long', `'${'x'.repeat(79)}…`],
  ]);
});
