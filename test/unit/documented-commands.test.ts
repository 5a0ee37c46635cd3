import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { blocksOf, commandLinesOf, DOCUMENTS } from '../support/documented.js';

const README = 'test/integration/readme.test.ts';
const DEMO = 'test/integration/demo.test.ts';
const OPERATING = 'test/integration/operating-docs.test.ts';

/** Command lines by the test that runs them as they are written, in their order. */
const RUN: [document: string, lines: RegExp, test: string][] = [
  ['README.md', /^npm run demo$/, DEMO],
  ['README.md', /^(npm link|npx daybook .*|cd ~\/clicks)$/, README],
  ['docs/operating.md', /^npx daybook /, OPERATING],
];

/** Command lines that no test runs as they are written, and why. */
const NOT_RUN: [document: string, lines: RegExp, reason: string][] = [
  ['README.md', /^npm test$/, 'it runs this test'],
  ['CONTRIBUTING.md', /^npm (run|test)/, 'the checks themselves, which CI runs'],
  ['test/README.md', /^(npm|npx vitest) /, 'the tests themselves, which CI runs or samples'],
  ['docs/performance.md', /^npm run bench/, 'benchmarks, which take minutes'],
  [
    'docs/operating.md',
    /^temporal schedule /,
    'ten runs; nights.test.ts and schedule-days.test.ts run these commands for a range of their own',
  ],
  [
    'docs/operating.md',
    /^temporal workflow /,
    'schedule-days.test.ts and backfill-cli.test.ts run these commands for projects of their own',
  ],
  ['docs/operating.md', /^tctl /, 'tctl is no part of the local stack'],
  ['docs/production.md', /^(TEMPORAL|CLICKHOUSE)_\w+=/, 'settings, not commands'],
  [
    'docs/production.md',
    /^(for name in|temporal operator |done$)/,
    'compose.test.ts compares them with the compose file, whose namespace is another',
  ],
  ['docs/production.md', /^docker /, 'needs Docker'],
  [
    'docs/production.md',
    /^temporal workflow list /,
    'a query for monitoring; production-docs.test.ts runs those of ClickHouse',
  ],
];

test('every documented command line is run by a test, or says why not', () => {
  const lines = DOCUMENTS.flatMap((document) =>
    blocksOf(document)
      .filter(({ kind }) => kind === 'sh')
      .flatMap((block) => commandLinesOf(block).map((line) => ({ document, line }))),
  );
  const matches = (rules: typeof RUN, one: { document: string; line: string }) =>
    rules.filter(([document, pattern]) => document === one.document && pattern.test(one.line));
  expect(lines.filter((one) => matches([...RUN, ...NOT_RUN], one).length !== 1)).toEqual([]);
  for (const rule of [...RUN, ...NOT_RUN])
    expect(
      lines.some((one) => matches([rule], one).length > 0),
      rule.join(' '),
    ).toBe(true);
  for (const [, , path] of RUN) expect(existsSync(new URL(`../../${path}`, import.meta.url)), path).toBe(true);
});

test('every documented output is of a section whose test compares it', () => {
  const outputs = DOCUMENTS.flatMap(blocksOf).filter(({ kind }) => kind === 'text');
  expect(outputs.map(({ document, section }) => [document, section])).toEqual([
    ['README.md', 'See it run'],
    ['README.md', 'See it run'],
    ['README.md', 'Your own project in ten minutes'],
    ['README.md', 'Your own project in ten minutes'],
  ]);
});
