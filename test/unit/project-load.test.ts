import { rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { initProject } from '../../src/cli/init/index.js';
import { isFinal } from '../../src/errors.js';
import { keepLast } from '../../src/project/kept.js';
import { loadProject, readProject } from '../../src/project/load.js';
import { ownProject } from '../support/own-project.js';
import { RIGHT, type ProjectFiles } from '../support/project.js';

const failureOf = async (dir: string) => {
  const error: unknown = await loadProject(dir).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isFinal(error)) throw new Error(`expected a final failure, got ${String(error)}`);
  return { type: error.type, message: error.message.replaceAll(dir, 'DIR') };
};

/** The right project with one file less. */
const without = (missing: string): ProjectFiles =>
  Object.fromEntries(Object.entries(RIGHT).filter(([path]) => path !== missing));

const OBJECT = {
  project: 'shop',
  store: { bucket: 'shop-data' },
  sources: { events: { prefix: 'raw/{YYYY}/{MM}/{DD}/' } },
};

describe('a project folder outside of the repository', () => {
  test('is loaded with its files in order', async () => {
    const dir = await ownProject(RIGHT);
    const project = await loadProject(dir);
    expect(project.dir).toBe(dir);
    expect(project.config).toMatchObject({ project: 'shop', timezone: 'Europe/Berlin' });
    expect(
      [project.raw, project.normalized, project.aggregates, project.tests].map((files) =>
        files.map(({ path }) => path),
      ),
    ).toEqual([
      ['sql/raw/events.sql'],
      ['sql/normalized/events.sql'],
      ['sql/aggregates/daily_sales.sql'],
      ['sql/tests/no_empty_country.sql'],
    ]);
  });

  test.each([
    [
      'daybook.config.ts',
      `import type { Stats } from 'node:fs';\nconst size: Stats['size'] = 3;\nexport default { ...${JSON.stringify(OBJECT)}, lateDays: size };`,
    ],
    ['daybook.config.mjs', `export default { ...${JSON.stringify(OBJECT)}, lateDays: 3 };`],
    ['daybook.config.js', `module.exports = ${JSON.stringify(OBJECT)};`],
    ['daybook.config.json', JSON.stringify(OBJECT)],
  ])('may have a %s', async (name, text) => {
    expect(
      (await loadProject(await ownProject({ ...without('daybook.config.ts'), [name]: text }))).config.lateDays,
    ).toBe(3);
  });

  test('has a warning for each file below sql/ that nothing reads', async () => {
    const sql = 'SELECT 1';
    const unread = ['sql/test/a.sql', 'sql/tests/sub/b.sql', 'sql/tests/c.SQL', 'sql/views/d.sql', 'sql/e.sql'];
    const dir = await ownProject({
      ...RIGHT,
      ...Object.fromEntries(unread.map((path) => [path, sql])),
      'sql/README.md': 'notes',
      'sql/tests/.old.sql': sql,
    });
    const { project, problems } = await readProject(dir);
    expect(project?.tests.map(({ name }) => name)).toEqual(['no_empty_country']);
    expect(problems.map(({ severity, where, what, fix }) => [severity, where, what, fix])).toEqual([
      [
        'warning',
        'sql/e.sql',
        'is not read',
        'Move it into one of sql/raw/, sql/normalized/, sql/aggregates/, sql/tests/, or out of sql/.',
      ],
      [
        'warning',
        'sql/test/a.sql',
        'is not read',
        'Move it to sql/tests/a.sql: only files that end in .sql, directly in that folder, are read.',
      ],
      [
        'warning',
        'sql/tests/c.SQL',
        'is not read',
        'Move it to sql/tests/c.sql: only files that end in .sql, directly in that folder, are read.',
      ],
      [
        'warning',
        'sql/tests/sub/b.sql',
        'is not read',
        'Move it to sql/tests/b.sql: only files that end in .sql, directly in that folder, are read.',
      ],
      [
        'warning',
        'sql/views/d.sql',
        'is not read',
        'Move it into one of sql/raw/, sql/normalized/, sql/aggregates/, sql/tests/, or out of sql/.',
      ],
    ]);
  });

  test('is read again each time, with everything that its config imports', async () => {
    const dir = await ownProject({
      ...RIGHT,
      'late.ts': 'export const late: number = 1;',
      'daybook.config.ts': `import { late } from './late.ts';\nexport default { ...${JSON.stringify(OBJECT)}, lateDays: late };`,
    });
    expect((await loadProject(dir)).config.lateDays).toBe(1);
    await writeFile(join(dir, 'late.ts'), 'export const late: number = 2;');
    await writeFile(join(dir, 'sql/tests/no_empty_country.sql'), 'SELECT 2');
    const again = await loadProject(dir);
    expect([again.config.lateDays, again.tests[0]?.select]).toEqual([2, 'SELECT 2']);
  });
});

describe('a folder that is not a project', () => {
  test('is one final error with the problems of config and files together', async () => {
    const dir = await ownProject({
      ...without('sql/normalized/events.sql'),
      'daybook.config.ts': `export default { ...${JSON.stringify(OBJECT)}, timezone: 'Berlin', lateDay: 2 }`,
      'sql/raw/clicks.sql': 'CREATE TABLE raw_clicks (a String) ENGINE = Null',
      'sql/aggregates/raw_events.sql':
        'CREATE TABLE raw_events (day Date) ENGINE = MergeTree PARTITION BY day ORDER BY day; SELECT 1 AS day',
      'sql/tests/no_empty_country.sql': '-- sverity: warn\nDELETE FROM events',
    });
    expect(await failureOf(dir)).toMatchInlineSnapshot(`
      {
        "message": "the project in DIR has 7 problems:
        timezone: found 'Berlin', expected a zone of the IANA database such as 'Europe/Berlin'
          Correct the value.
        lateDay: found an unknown key, expected one of project, id, timezone, start, schedule, lateDays, database, clickhouse, store, keepPrevious, giveUpAfter, limits, timings, alerts, allowFunctions, sources
          Did you mean 'lateDays'?
        sql/tests/no_empty_country.sql: found the unknown option '-- sverity: warn', expected lookback, severity, tolerate or holes
          Did you mean 'severity'?
        sql/tests/no_empty_country.sql: found DELETE FROM, expected one statement: SELECT
          Keep only these in a file under sql/tests/.
        sql/raw/clicks.sql: found no source 'clicks' in the config
          Add sources.clicks, or rename the file.
        sources.events: found no sql/normalized/events.sql
          Write that file, or remove the source.
        sql/aggregates/raw_events.sql: creates the table raw_events, as does sql/raw/events.sql
          Rename raw_events.sql and its table.",
        "type": "BadConfig",
      }
    `);
  });

  test('is checked again only where a file has changed, and every change is seen', async () => {
    const late = (days: number) => `export const late = ${days};`;
    const dir = await ownProject({
      ...RIGHT,
      'daybook.config.ts': `import { late } from './late.ts';\nexport default { ...${JSON.stringify(OBJECT)}, lateDays: late };`,
      'late.ts': late(2),
    });
    const kept = keepLast();
    const first = await loadProject(dir, undefined, kept);
    const same = await loadProject(dir, undefined, kept);
    expect(same).toEqual(first);
    expect([same.config, same.tests[0]].map((one) => [first.config, first.tests[0]].includes(one as never))).toEqual([
      true,
      true,
    ]);

    await writeFile(join(dir, 'late.ts'), late(4));
    expect((await loadProject(dir, undefined, kept)).config.lateDays).toBe(4);
    const path = join(dir, 'sql/tests/no_empty_country.sql');
    await writeFile(path, '');
    for (let times = 0; times < 2; times++) {
      const { problems } = await readProject(dir, undefined, kept);
      expect(problems.map(({ where }) => where)).toEqual(['sql/tests/no_empty_country.sql']);
    }
    await writeFile(path, first.tests[0]?.text ?? '');
    expect((await loadProject(dir, undefined, kept)).tests).toEqual(first.tests);
    await writeFile(join(dir, 'late.ts'), late(-1));
    await expect(loadProject(dir, undefined, kept)).rejects.toThrow('lateDays');
    await rm(path);
    await writeFile(join(dir, 'late.ts'), late(2));
    expect((await loadProject(dir, undefined, kept)).tests).toEqual([]);
  });

  test('is BadSql where only its SQL is wrong', async () => {
    expect((await failureOf(await ownProject({ ...RIGHT, 'sql/tests/no_empty_country.sql': '' }))).type).toBe('BadSql');
  });

  test('is named if there is no config, two, or one that does not load', async () => {
    expect((await failureOf(await ownProject({}))).message).toContain('DIR: found no daybook.config.ts here');
    expect((await failureOf('/nowhere/at/all')).message).toContain('found no daybook.config.ts here');
    expect((await failureOf(await ownProject({ ...RIGHT, 'daybook.config.js': '' }))).message).toContain(
      'found daybook.config.ts and daybook.config.js, expected one config',
    );
    const { type, message } = await failureOf(await ownProject({ ...RIGHT, 'daybook.config.ts': 'export default {' }));
    expect(type).toBe('BadConfig');
    expect(message).toContain('daybook.config.ts: cannot be loaded: ');
  });
});

describe('daybook init', () => {
  test('writes a project without problems, named after its folder', async () => {
    const dir = join(await ownProject({}), 'My Shop');
    const { project, files } = await initProject(dir);
    expect([project, files.length]).toEqual(['my_shop', 7]);
    expect(await readProject(dir)).toMatchObject({ problems: [], project: { config: { project: 'my_shop' } } });
  });

  test('refuses a folder that holds something, and touches nothing in it', async () => {
    const dir = await ownProject({ 'notes.txt': 'mine' });
    await expect(initProject(dir)).rejects.toThrow(/is not empty \(it holds notes\.txt\)/);
    await rm(join(dir, 'notes.txt'));
    await expect(initProject(dir, 'Shop')).rejects.toThrow(/'Shop' is not a valid project name/);
    expect((await initProject(dir, 'clicks')).project).toBe('clicks');
    expect(basename(dir)).not.toBe('clicks');
  });

  test('takes no name of the example or of another project, and gives each project an id of its own', async () => {
    const root = await ownProject({});
    const written = await initProject(join(root, 'a', 'shop'));
    expect(written.project).toBe('shop_2');
    await expect(initProject(join(root, 'b'), 'shop')).rejects.toThrow("The name 'shop' is the example project's");
    await expect(initProject(join(root, 'b'), 'clicks', new Set(['clicks']))).rejects.toThrow(
      "The name 'clicks' is taken by another project of the ledger",
    );
    expect((await initProject(join(root, 'clicks'), undefined, new Set(['clicks', 'clicks_2']))).project).toBe(
      'clicks_3',
    );
    const ids = [join(root, 'a', 'shop'), join(root, 'clicks')].map(async (dir) => (await loadProject(dir)).config.id);
    const [one, other] = await Promise.all(ids);
    expect(one).toMatch(/^[0-9a-f]{12}$/);
    expect(other).not.toBe(one);
  });
});
