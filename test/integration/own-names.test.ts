import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { commandOf } from '../support/command.js';
import { openDays, type DayProject } from '../support/day.js';

const ROOT = new URL('../../', import.meta.url);
const DAY = '2026-11-05';

/** Every name that a statement of Daybook gives to anything, without the underscores before it, but for columns that mean something. */
const NAMES = ownNames().filter((name) => !['day', 'skip_reason', 'reject_reason'].includes(name));

function ownNames(): string[] {
  const files = ['src', 'activities'].flatMap((folder) =>
    readdirSync(new URL(folder, ROOT), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|sql)$/.test(file))
      .map((file) => readFileSync(new URL(`${folder}/${file}`, ROOT), 'utf8')),
  );
  const given = files.flatMap((text) => [...text.matchAll(/\bAS\s+`?_*([a-z]\w*)/g)].map(([, name = '']) => name));
  return [...new Set(given)].sort();
}

const columns = NAMES.map((name) => `\`${name}\` String`).join(', ');
const list = NAMES.map((name) => `\`${name}\``).join(', ');

let project: DayProject;

beforeAll(async () => {
  project = await openDays(
    inject('stack'),
    {
      'sql/raw/notes.sql': `
CREATE TABLE raw_notes (${columns}, _source Tuple(object String, line UInt64, text String, error String))
ENGINE = MergeTree ORDER BY tuple();`,
      'sql/normalized/notes.sql': `-- unique: day, ${NAMES.join(', ')}
CREATE TABLE notes (day Date, ${columns}, _object String, _line UInt64) ENGINE = MergeTree PARTITION BY day ORDER BY day;
SELECT toDate('${DAY}') AS day, * FROM raw_notes;`,
      'sql/aggregates/daily.sql': `-- unique: day, ${NAMES.join(', ')}
CREATE TABLE daily (day Date, ${columns}) ENGINE = MergeTree PARTITION BY day ORDER BY day;
SELECT day, ${list} FROM notes WHERE day = {day:Date};`,
    },
    {
      timezone: 'UTC',
      sources: {
        notes: { prefix: 'raw/{YYYY}-{MM}-{DD}/', arrival: { before: 0, after: 0 }, maxRejects: 1, dedupeBy: NAMES },
      },
    },
  );
});
afterAll(() => project.close());

const note = (of: string) => Object.fromEntries(NAMES.map((name) => [name, `the ${name} of ${of}`]));
const command = commandOf(inject('stack'), () => project);
const published = () => project.rows(`SELECT ${list} FROM daily ORDER BY \`object\``);

test('columns may have any name that Daybook gives in its own statements, in each command that reads them', async () => {
  expect(NAMES).toEqual(expect.arrayContaining(['object', 'rows', 'skip', 'source']));
  const lines = [note('Ada'), note('Ada'), note('Bob'), { ...note('Eve'), rows: null }];
  await project.put(`raw/${DAY}/a.json`, lines.map((line) => JSON.stringify(line)).join('\n'));
  expect((await project.run(DAY)).outcome).toBe('published');
  expect(await published()).toEqual([note('Ada'), note('Bob')]);
  const rejects = await command('rejects', '--day', DAY, '--source', 'notes');
  expect(rejects.stdout).toContain('rows: missing, expected String');
  for (const [table, where] of [
    ['daily', "`line` = 'the line of Bob'"],
    ['notes', "`object` = 'the object of Bob'"],
  ] as const) {
    const trace = await command('trace', '--table', table, '--day', DAY, '--where', where);
    expect(trace).toMatchObject({ code: 0, stdout: expect.stringContaining(`raw/${DAY}/a.json:3\n`) as string });
  }
  for (const verify of [[], ['--rebuild']])
    expect(await command('verify', '--day', DAY, ...verify)).toMatchObject({ code: 0 });
  const erased = await command('erase', '--table', 'notes', '--where', "`source` = 'the source of Ada'");
  expect(erased).toMatchObject({ code: 0 });
  expect(await published()).toEqual([note('Bob')]);
  expect(await command('verify', '--day', DAY)).toMatchObject({ code: 0 });
});
