import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readSqlFile } from '../../src/project/sql/file.js';
import { identifierOf, statementsOf, tokenize } from '../../src/project/sql/tokens.js';
import { plain } from '../../src/shared/sentence.js';

describe('cutting SQL into statements', () => {
  /** Pieces that a `;` may hide in, and such that separate pieces stay separate when joined by spaces. */
  const hiding = fc.oneof(
    fc.string({ maxLength: 8 }).map((text) => `'${text.replaceAll(/[\\']/g, '\\$&')}'`),
    fc.string({ maxLength: 8 }).map((text) => `'${text.replaceAll('\\', '').replaceAll("'", "''")}'`),
    fc.string({ maxLength: 8 }).map((text) => `\`${text.replaceAll(/[\\`]/g, '\\$&')};\``),
    fc.string({ maxLength: 8 }).map((text) => `"${text.replaceAll(/[\\"]/g, '\\$&')};"`),
    fc.string({ maxLength: 8 }).map((text) => `$x$${text.replaceAll('$', '')};$x$`),
    fc.constantFrom('SELECT', 'a.b', '1', '(', ')', '{day:Date}', 'größe', '‘;’', '“;”', 'a$b'),
  );
  const comment = fc.oneof(
    fc.string({ maxLength: 8 }).map((text) => `-- ${text.replaceAll('\n', '')};'\n`),
    fc.string({ maxLength: 8 }).map((text) => `/* ${text.replaceAll(/[*/]/g, '')}; /* ; ' */ ; */`),
    fc.constantFrom('#! ;\n', '# it`s;\n'),
  );
  const statement = fc.array(hiding, { minLength: 1, maxLength: 6 });

  test('finds exactly the statements that were joined, whatever strings, names and comments hold', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(statement, comment), { maxLength: 5 }), (statements) => {
        const text = statements.map(([pieces, remark]) => `${remark} ${pieces.join(' ')} ${remark}`).join(';');
        expect(statementsOf(text).map((one) => one.text)).toEqual(statements.map(([pieces]) => pieces.join(' ')));
      }),
    );
  });

  test('loses no character, whatever it is given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(
          tokenize(text)
            .map((token) => token.text)
            .join(''),
        ).toBe(text);
      }),
    );
  });

  test('a statement begins and ends with its own words', () => {
    expect(
      statementsOf('-- head\nSELECT 1 -- one\n  AS a /* b */ -- end;\n;\n-- rest\n').map(({ text }) => text),
    ).toEqual(['SELECT 1 -- one\n  AS a']);
  });

  test('an empty statement is none', () => {
    expect(statementsOf(';; -- nothing\n ;')).toEqual([]);
  });

  test('names lose their quotes', () => {
    expect(
      tokenize('`a``b` "c\\"d" e').flatMap((token) => (token.kind === 'space' ? [] : [identifierOf(token)])),
    ).toEqual(['a`b', 'c"d', 'e']);
  });
});

const MODEL = `CREATE TABLE daily (day Date, n UInt64) ENGINE = MergeTree PARTITION BY day ORDER BY day;
SELECT day, count() AS n FROM events WHERE day = {day:Date} GROUP BY day;`;

const readModel = (sql: string) => readSqlFile('sql/aggregates/daily.sql', 'aggregates', sql);
const problemsOf = (
  sql: string,
  path = 'sql/aggregates/daily.sql',
  kind: Parameters<typeof readSqlFile>[1] = 'aggregates',
) => readSqlFile(path, kind, sql).problems.map(({ what, fix }) => `${what} -> ${plain(fix)}`);

describe('options at the head', () => {
  test('are read from comment lines of the form -- key: value', () => {
    const { file, problems } = readModel(`-- lookback: 6 days\n--unique: day, country  \n\n${MODEL}`);
    expect(problems).toEqual([]);
    expect(file.header).toEqual({ lookback: 6, holes: 'refuse', unique: ['day', 'country'], severity: 'error' });
    const test = readSqlFile('sql/tests/t.sql', 'tests', '-- severity: warn\nSELECT 1');
    expect(test.file.header).toEqual({ lookback: 0, holes: 'refuse', unique: [], severity: 'warn' });
  });

  test.each([
    ['5 rows', { rows: 5 }],
    ['1 row', { rows: 1 }],
    ['0.1%', { share: 0.001 }],
    ['100 %', { share: 1 }],
  ])('tolerate %s of a test', (value, tolerate) => {
    const { file, problems } = readSqlFile('sql/tests/t.sql', 'tests', `-- tolerate: ${value}\nSELECT 1`);
    expect(problems).toEqual([]);
    expect(file.header.tolerate).toEqual(tolerate);
  });

  test.each(['5', '5 lines', '-1 rows', '101%', 'some', ''])('refuse to tolerate %o', (value) => {
    expect(problemsOf(`-- tolerate: ${value}\nSELECT 1`, 'sql/tests/t.sql', 'tests')).toEqual([
      expect.stringContaining("expected '-- tolerate: 0.1%' or '-- tolerate: 5 rows'"),
    ]);
  });

  test('are not mistaken in prose, addresses or block comments', () => {
    const prose = [
      '-- Note: counts orders',
      '-- see also: the wiki',
      '-- https://example.org/x',
      '/* lookback: 6 days */',
      '-- e.g.: 5',
    ];
    expect(problemsOf(`${prose.join('\n')}\n${MODEL.replace('SELECT', '-- total: of all\nSELECT')}`)).toEqual([]);
  });

  test('are refused when unknown, with the known ones', () => {
    expect(problemsOf(`-- lookbak: 6 days\n-- owner: finance\n${MODEL}`)).toMatchInlineSnapshot(`
      [
        "found the unknown option '-- lookbak: 6 days', expected lookback, unique or holes -> Did you mean 'lookback'?",
        "found the unknown option '-- owner: finance', expected lookback, unique or holes -> Remove it, or, if it is prose, start the line with a capital letter or with more than one word.",
      ]
    `);
    expect(problemsOf(`-- severity: warn\n${MODEL}`)).toMatchInlineSnapshot(`
      [
        "found the unknown option '-- severity: warn', expected lookback, unique or holes -> Remove it, or, if it is prose, start the line with a capital letter or with more than one word.",
      ]
    `);
  });

  test('are refused with a value that means nothing, twice, or below the head', () => {
    expect(problemsOf(`-- lookback: six\n-- unique: day;\n-- unique: day\n${MODEL}\n-- lookback: 6 days`))
      .toMatchInlineSnapshot(`
      [
        "found '-- lookback: six', expected '-- lookback: 6 days' -> Write it as '-- lookback: 6 days'.",
        "found '-- unique: day;', expected '-- unique: day, country' -> Write it as '-- unique: day, country'.",
        "found the option 'unique' twice -> Keep one of them.",
        "found the option 'lookback' below the first statement -> Move it to the head of the file.",
      ]
    `);
  });
});

describe('statements', () => {
  test('stay as they were written', () => {
    const { file } = readModel(MODEL);
    expect(file.create).toBe(
      'CREATE TABLE daily (day Date, n UInt64) ENGINE = MergeTree PARTITION BY day ORDER BY day',
    );
    expect(file.select).toBe('SELECT day, count() AS n FROM events WHERE day = {day:Date} GROUP BY day');
    expect(readModel(MODEL.replace('SELECT day', 'WITH 1 AS one SELECT day')).problems).toEqual([]);
  });

  test.each([
    ['', 'found no statement'],
    ['SELECT 1', 'found SELECT,'],
    [MODEL.replace(/SELECT[^]*/, ''), 'found CREATE TABLE,'],
    [`${MODEL} INSERT INTO daily SELECT 1`, 'found CREATE TABLE; SELECT; INSERT INTO,'],
    [MODEL.replace('CREATE TABLE', 'CREATE OR REPLACE TABLE'), 'found CREATE OR; SELECT,'],
    [MODEL.replace('TABLE daily', 'TABLE analytics.daily'), "found the qualified name 'analytics.…'"],
    [MODEL.replace('TABLE daily', 'TABLE dayly'), "creates the table 'dayly', expected 'daily'"],
    [MODEL.replace('(day Date, n UInt64)', 'AS events'), "found AS after the table's name"],
    [MODEL.replace('ORDER BY day;', 'ORDER BY day AS SELECT 1;'), 'found CREATE TABLE … AS'],
    [MODEL.replace('= MergeTree', '= ReplacingMergeTree'), 'found ENGINE ReplacingMergeTree, expected MergeTree'],
    [MODEL.replace('= MergeTree', "= S3('http://x')"), 'found ENGINE S3'],
    [MODEL.replace('FROM events', "FROM s3('http://x/y.csv')"), 'calls s3(…)'],
    [MODEL.replace('FROM events', "FROM remote('host', system.one)"), 'calls remote(…)'],
    [`${MODEL.replace(/;$/, '')} SETTINGS additional_table_filters = {}`, 'sets additional_table_filters'],
    [`${MODEL.replace(/;$/, '')} SETTINGS max_threads = 1, limit = 5`, 'sets limit = 5'],
    [
      `${MODEL.replace(/;$/, '')} SETTINGS max_rows_to_read = 9, read_overflow_mode = 'break'`,
      "sets read_overflow_mode = 'break'",
    ],
  ])('%s is refused', (sql, what) => {
    expect(problemsOf(sql).join('\n')).toContain(what);
  });

  test.each([
    ...['url', 'file', 's3', 's3Cluster', 'gcs', 'azureBlobStorage', 'hdfs', 'urlCluster', 'fileCluster', 'executable'],
    ...['remote', 'remoteSecure', 'cluster', 'clusterAllReplicas', 'mysql', 'postgresql', 'mongodb', 'redis', 'sqlite'],
    ...['odbc', 'jdbc', 'iceberg', 'deltaLake', 'hudi', 'paimon', 'ytsaurus', 'arrowFlight', 'input', 'merge', 'loop'],
  ])('a model or a test that reads through %s(…), in whatever spelling and place, is refused', (name) => {
    for (const called of [`${name}('x')`, `\`${name}\` ('x')`, `${name} /* here */ ('x')`]) {
      expect(problemsOf(MODEL.replace('FROM events', `FROM ${called}`)).join()).toContain(`calls ${name}(…)`);
      const nested = `SELECT day FROM events WHERE day = {day:Date} AND n IN (SELECT n FROM ${called})`;
      expect(problemsOf(nested, 'sql/tests/nested.sql', 'tests').join()).toContain(`calls ${name}(…)`);
    }
  });

  test.each(['url', 'FILE', 'merge'])('neither do a default or a constraint read through %s(…)', (name) => {
    for (const part of [`b String DEFAULT ${name}('x')`, `CONSTRAINT c CHECK \`${name}\`('x') = ''`])
      expect(problemsOf(MODEL.replace('n UInt64', `n UInt64, ${part}`)).join()).toContain(`calls ${name}(…)`);
  });

  test('a table definition reads no tables, other than its own in a projection', () => {
    const having = (part: string) => problemsOf(MODEL.replace('n UInt64', `n UInt64, ${part}`));
    expect(having('CONSTRAINT c CHECK n IN (SELECT n FROM events)')).toEqual([
      'found a SELECT inside CREATE TABLE, which would read tables outside the build order -> ' +
        'Write the check as a test under sql/tests/, or return the value from the SELECT of the file.',
    ]);
    expect(having('PROJECTION p (SELECT day, sum(n) GROUP BY day)')).toEqual([]);
    expect(having('file String, INDEX url (file) TYPE minmax, `input` String')).toEqual([]);
  });

  test('functions that the config allows are called where they like', () => {
    const reading = MODEL.replace('FROM events', "FROM URL('http://x/y.csv')").replace(
      'n UInt64',
      "n UInt64 DEFAULT url('x')",
    );
    const problems = (allowed: string[]) =>
      readSqlFile('sql/aggregates/daily.sql', 'aggregates', reading, allowed).problems;
    expect(problems([]).map(({ what }) => what)).toEqual([
      "calls url(…), which reads outside the project's tables",
      "calls URL(…), which reads outside the project's tables",
    ]);
    expect(problems(['s3'])).toHaveLength(2);
    expect(problems(['url'])).toEqual([]);
  });

  test('a table that only shows those of shards is refused by name', () => {
    const create =
      "CREATE TABLE events (day Date) ENGINE = Distributed('c', 'live', 'events_local') PARTITION BY day ORDER BY day";
    expect(problemsOf(create, 'sql/normalized/events.sql', 'normalized').join()).toContain(
      'found ENGINE Distributed, expected MergeTree, ReplicatedMergeTree or SharedMergeTree',
    );
  });

  test('a contract creates raw_<source>, and its table may have any engine that keeps to itself', () => {
    const raw = 'CREATE TABLE IF NOT EXISTS `raw_events` (a String) ENGINE = Null';
    expect(problemsOf(raw, 'sql/raw/events.sql', 'raw')).toEqual([]);
    expect(problemsOf(raw.replace('Null', 'Kafka'), 'sql/raw/events.sql', 'raw').join()).toContain(
      'found ENGINE Kafka',
    );
    expect(problemsOf('CREATE TABLE events (a String) ENGINE = Null', 'sql/raw/events.sql', 'raw').join()).toContain(
      "expected 'raw_events'",
    );
  });

  test('a file has a plain name', () => {
    expect(problemsOf('SELECT 1', 'sql/tests/No-Empty.sql', 'tests').join()).toContain("found the name 'No-Empty'");
  });
});
