import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { apply } from '../../src/cli/apply/index.js';
import { addDays, dayIn } from '../../src/shared/day.js';
import { plain } from '../../src/shared/sentence.js';
import { commandOf, DAYBOOK } from '../support/command.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

const DAY = '2026-03-01';
const MEANS = 'sql/aggregates/daily_means.sql';
const AMOUNTS = 'sql/aggregates/daily_amounts.sql';

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG);
  await project.put(keyOf(DAY, 'a'), lines(payment(DAY, 'a')));
  await project.run(DAY);
});
afterAll(() => project.close());

const command = commandOf(inject('stack'), () => project);
const json = async (...args: string[]) =>
  JSON.parse((await command(...args, '--output', 'json')).stdout) as Record<string, unknown>;

test('a verify of days without a publish says that nothing was compared, and which days there are', async () => {
  const { code, stdout } = await command('verify', '--start', '2026-02-01', '--end', '2026-02-03');
  expect(code).toBe(0);
  expect(stdout).toContain(
    '2026-02-01 to 2026-02-03: nothing is published, so nothing was compared. ' +
      `Known days: npx daybook verify --start ${DAY} --end ${DAY}`,
  );
});

test('yesterday is the day before today in the time zone of the project', async () => {
  const yesterday = addDays(dayIn('UTC', new Date()), -1);
  expect(await json('verify', '--day', 'yesterday')).toMatchObject({ first: yesterday, last: yesterday });
  const wrong = await command('verify', '--day', 'tomorrow');
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain('Expected a date that exists, written YYYY-MM-DD, or yesterday.');
});

test('a model whose file was removed is named by check, plan, status and apply, with both ways out', async () => {
  await rm(join(project.app.project.dir, MEANS));
  const table = `${project.database}.daily_means`;
  const said = `${table} no longer has a file in the project: readers keep its rows, and no run updates them.`;
  expect((await command('plan', '--day', DAY)).stdout).toContain(said);
  expect((await command('status')).stdout).toContain(said);
  const applied = await command('apply');
  expect(applied.stdout).toContain(`${said} Restore the file, or drop the table when no one reads it: DROP TABLE`);
  expect((await command('check')).stdout).toContain(
    `warning: ${table}\n  the table no longer has a file in the project`,
  );
  expect(await json('plan', '--day', DAY)).toMatchObject({ removed: ['daily_means'] });
  await project.write(MEANS, PAYMENTS[MEANS] ?? '');
  expect((await command('plan', '--day', DAY)).stdout).not.toContain('daily_means');
});

test('a materialized view on a published table is reported: it never fires', async () => {
  await project.admin.run({
    sql: `CREATE MATERIALIZED VIEW ${project.database}.by_hand ENGINE = MergeTree ORDER BY day AS SELECT day, id FROM ${project.database}.events`,
  });
  const said = `reads ${project.database}.events, and never fires: a publish replaces partitions and inserts nothing`;
  const checked = `the materialized view ${project.database}.by_hand reads events, but gets none of its rows`;
  expect((await command('check')).stdout).toContain(checked);
  expect((await command('apply')).stdout).toContain(said);
  await project.admin.run({ sql: `DROP TABLE ${project.database}.by_hand SYNC` });
  expect((await command('check')).stdout).not.toContain('by_hand');
});

test('apply says what an added column shows on days that were published before, also in a dry run as JSON', async () => {
  await project.write(
    AMOUNTS,
    (PAYMENTS[AMOUNTS] ?? '')
      .replace('amount Decimal(18, 2))', 'amount Decimal(18, 2), largest Decimal(10, 2))')
      .replace('AS amount FROM', 'AS amount, toDecimal64(1, 2) AS largest FROM'),
  );
  const note =
    "daily_amounts: column largest shows the default of its type (Decimal(10, 2)), such as 0 or '' on days that were published " +
    `before, until they are rebuilt: npx daybook backfill --start ${DAY} --end ${DAY}`;
  // A mistyped day that failed has no rows that the column could show, so the range begins at the first published day.
  await project.run('2025-03-01').catch(() => undefined);
  const dry = await json('apply', '--dry-run');
  expect(dry).toMatchObject({
    dryRun: true,
    done: [],
    changes: [{ table: 'daily_amounts', kind: 'alter', losses: [] }],
  });
  expect((dry['notes'] as string[]).join('\n')).toContain(note);
  const { stdout } = await command('apply');
  expect(stdout).toContain('Applied 1 change.');
  expect(stdout).toContain(note);
  expect(await json('apply', '--dry-run')).toMatchObject({ changes: [] });
  await apply(project.app);
});

test('a mistyped day of a year ago that failed leaves no missing days behind it', async () => {
  const mistyped = '2025-03-01';
  await project.run(mistyped).catch(() => undefined);
  const { stdout } = await command('status');
  expect(stdout).toMatch(new RegExp(`^${mistyped} +failed .*\\n${DAY} +published`, 'm'));
  expect(stdout).not.toContain('2025-03-02');
  expect(await json('status')).toMatchObject({ gaps: [], missing: { first: '2026-03-02' } });
  const nothing = await command('verify', '--start', '2026-02-01', '--end', '2026-02-03');
  expect(nothing.stdout).toContain(`npx daybook verify --start ${DAY} --end ${DAY}`);
});

test('a day that is run by hand while its marker is missing is published with a note', async () => {
  const day = '2026-03-05';
  await project.configure({}, { ready: { marker: '_SUCCESS' } });
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a')));
  const { outcome, notes } = await project.run(day);
  expect(outcome).toBe('published');
  expect(notes.map(plain)).toContain(
    `events: raw/${day}/_SUCCESS is missing, so the folder may be incomplete. Once it is complete, run: npx daybook run --day ${day}`,
  );
  await project.put(`raw/${day}/_SUCCESS`, '');
  expect((await project.run(day, true)).notes.map(plain).join()).not.toContain('_SUCCESS');
  await project.configure({}, { ready: { quietFor: '0 seconds' } });
});

test.each([
  ['2026-03-06', '../_SUCCESS', 'raw/_SUCCESS'],
  ['2026-03-07', '/done/{YYYY}-{MM}-{DD}', 'done/2026-03-07'],
])('on %s, the marker %s is looked for where a scheduled run waits for it', async (day, marker, key) => {
  await project.configure({}, { ready: { marker } });
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a')));
  expect((await project.run(day)).notes.map(plain).join()).toContain(`events: ${key} is missing, so the folder`);
  await project.put(key, '');
  expect((await project.run(day, true)).notes.map(plain).join()).not.toContain('is missing');
  await project.configure({}, { ready: { quietFor: '0 seconds' } });
});

test('the progress of backfills is a list, also when none runs', async () => {
  const shown = await json('backfill', 'status', '--start', '2026-01-01', '--end', '2026-01-02');
  expect(shown).toMatchObject({ backfills: [] });
});

test.each(['bash', 'zsh', 'fish'])('a script completes commands and options in %s', async (shell) => {
  const { stdout } = await execa(process.execPath, [DAYBOOK, 'completion', shell]);
  for (const word of ['backfill', 'rollback', 'concurrency', shell === 'fish' ? '-l dry-run' : '--dry-run'])
    expect(stdout).toContain(word);
  if (shell !== 'bash') return;
  const asked = `${stdout}\nCOMP_WORDS=(daybook backfill status --); COMP_CWORD=3; _daybook; echo "\${COMPREPLY[@]}"`;
  expect((await execa('bash', ['-c', asked])).stdout).toBe('--start --end --project --output --help');
  const choices = `${stdout}\nCOMP_WORDS=(daybook run --output j); COMP_CWORD=3; _daybook; echo "\${COMPREPLY[@]}"`;
  expect((await execa('bash', ['-c', choices])).stdout).toBe('json');
});
