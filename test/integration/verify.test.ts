import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { messageOf } from '../../src/errors.js';
import { commandOf } from '../support/command.js';
import { diesBefore } from '../support/crash.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

const [FIRST, SECOND, THIRD] = ['2026-05-01', '2026-05-02', '2026-05-03'] as const;

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG);
  for (const day of [FIRST, SECOND, THIRD]) {
    await project.put(keyOf(day, 'a'), lines(payment(day, 'a'), payment(day, 'b', { amount: 2 })));
    await project.run(day);
  }
});
afterAll(() => project.close());

const command = commandOf(inject('stack'), () => project);
/** What `status` shows of a day, whether Temporal answered or not. */
async function stateOf(day: string) {
  const { stdout } = await command('status', '--day', day, '--output', 'json');
  return { ...(JSON.parse(stdout) as Record<string, unknown>), temporal: undefined };
}
const verify = (...args: string[]) => command('verify', '--start', FIRST, '--end', '2026-05-31', ...args);

test('days that are as published exit with 0 and one line', async () => {
  const { code, stdout } = await verify();
  expect(code).toBe(0);
  expect(stdout.trimEnd()).toBe(
    '2026-05-01 to 2026-05-31: 9 published tables compared with the ledger, all as published',
  );
});

test('added, missing and changed rows are reported with table, day, both counts and the command that fixes them', async () => {
  const { database } = project;
  await project.admin.run({
    sql: `INSERT INTO ${database}.events SELECT * FROM ${database}.events WHERE day = '${FIRST}'`,
  });
  await project.admin.run({ sql: `ALTER TABLE ${database}.daily_means DROP PARTITION '${SECOND}'` });
  await project.admin.run({
    sql: `ALTER TABLE ${database}.daily_amounts UPDATE amount = amount + 1 WHERE day = '${THIRD}' SETTINGS mutations_sync = 2`,
  });
  await project.admin.run({ sql: `INSERT INTO ${database}.daily_means VALUES ('2026-05-09', 1)` });
  const { code, stdout } = await verify();
  expect(code).toBe(1);
  const again = (day: string) =>
    `Publish the day again: npx daybook run --day ${day} --force --project ${project.app.project.dir}`;
  expect(stdout.trimEnd().split('\n')).toEqual([
    `LiveDiffers: ${database}.events of ${FIRST}: found 4 rows, expected 2 as published. Something else wrote to it. ${again(FIRST)}`,
    `LiveDiffers: ${database}.daily_means of ${SECOND}: found 0 rows, expected 1 as published. Something else wrote to it. ${again(SECOND)}`,
    `LiveDiffers: ${database}.daily_amounts of ${THIRD}: found 1 row with other values, expected 1 as published. Something else wrote to it. ${again(THIRD)}`,
    expect.stringMatching(
      /daily_means of 2026-05-09: found 1 row, expected none, since none were published\. .*--force --project \S+$/,
    ),
    '2026-05-01 to 2026-05-31: 9 published tables compared with the ledger, 4 differences',
  ]);
  const json = JSON.parse((await verify('--output', 'json')).stdout) as { differences: object[] };
  expect(json).toMatchObject({ ok: false, found: 4 });
  expect(json.differences[0]).toMatchObject({ kind: 'rows', table: 'events', day: FIRST, found: 4, expected: 2 });

  const rebuilt = await command('verify', '--day', THIRD, '--rebuild');
  expect(rebuilt.code).toBe(1);
  expect(rebuilt.stdout).toContain('daily_amounts: readers have 1 row, a rebuild makes 1 row with other values');
  expect(rebuilt.stdout.trimEnd().split('\n').at(-1)).toBe(`${THIRD} different`);
  // Readers have what they had, and so has the day its state.
  expect(await stateOf(THIRD)).toMatchObject({ state: 'published', generation: 1, next: [] });

  for (const day of [FIRST, SECOND, THIRD]) await project.run(day, true);
  await project.admin.run({ sql: `ALTER TABLE ${database}.daily_means DROP PARTITION '2026-05-09'` });
  expect((await verify()).code).toBe(0);
});

test('a rebuild of a correct day is equal, publishes nothing and leaves no stage', async () => {
  const before = await project.state(SECOND);
  const rebuilt = await command('verify', '--day', SECOND, '--rebuild', '--output', 'json');
  expect(rebuilt.code).toBe(0);
  expect(JSON.parse(rebuilt.stdout)).toMatchObject({
    ok: true,
    days: [{ day: SECOND, outcome: 'unchanged', compared: [{ equal: true }, { equal: true }, { equal: true }] }],
  });
  expect(await project.state(SECOND)).toEqual(before);
  expect(
    await project.rows('SELECT name FROM system.databases WHERE startsWith(name, {own:String})', {
      own: `daybook_${project.name}_2026`,
    }),
  ).toEqual([]);
});

test('a rebuild may differ in the last digits of floats, and in nothing else', async () => {
  const update = (change: string) =>
    project.admin.run({
      sql: `ALTER TABLE ${project.database}.daily_means UPDATE ${change} WHERE day = '${THIRD}' SETTINGS mutations_sync = 2`,
    });
  await update('mean = mean * (1 + 1e-12)');
  const close = await command('verify', '--day', THIRD, '--rebuild');
  expect(close.code).toBe(0);
  expect(close.stdout).toContain('daily_means: equal but for the last digits of floats');
  expect(close.stdout.trimEnd().split('\n').at(-1)).toBe(`${THIRD} equal`);
  // What readers have is compared with what was published, to the last digit.
  expect((await command('verify', '--day', THIRD)).code).toBe(1);
  await update('mean = mean * (1 + 1e-6)');
  const { code, stdout } = await command('verify', '--day', THIRD, '--rebuild');
  expect(code).toBe(1);
  expect(stdout).toContain('daily_means: readers have 1 row, a rebuild makes 1 row with other values');
  await project.run(THIRD, true);
});

test('a nightly run for an older day names the command that compares the same days; a plain verify names the known days', async () => {
  await project.admin.run({ sql: `ALTER TABLE ${project.database}.daily_means DROP PARTITION '${SECOND}'` });
  const failure = await project.night(THIRD).then(
    () => 'no failure',
    (error: unknown) => messageOf((error as { cause?: unknown }).cause),
  );
  const [, range = ''] = /compare the same days again: npx daybook verify (.*)$/.exec(failure) ?? [];
  expect(range).toMatch(new RegExp(`^--start 2026-0[45]-\\d\\d --end ${THIRD}$`));
  const same = await command('verify', ...range.split(' '));
  expect(same.code).toBe(1);
  expect(same.stdout).toContain(`daily_means of ${SECOND}: found 0 rows, expected 1 as published`);
  // Without days it looks at those up to yesterday, as the nightly run for yesterday does.
  const { code, stdout } = await command('verify');
  expect(code).toBe(0);
  expect(stdout).toContain('nothing is published, so nothing was compared');
  expect(stdout).toContain(`Known days: npx daybook verify --start ${FIRST} --end ${THIRD}`);
  await project.run(SECOND, true);
});

test('a comparison that fails leaves a published day published, and a failed day failed', async () => {
  const day = '2026-05-10';
  const compare = () => command('verify', '--day', day, '--rebuild');
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a')));
  await project.run(day);
  const published = await stateOf(day);
  await project.put(keyOf(day, 'a'), '[1, 2]');
  const { code, stdout, stderr } = await compare();
  expect({ code, stdout: stdout.trimEnd().split('\n').at(-1) }).toEqual({ code: 1, stdout: `${day} failed` });
  expect(stderr).toContain(`The comparison of ${day} failed at step normalize, and the day stays as it is: `);
  expect(stderr).toContain(keyOf(day, 'a'));
  expect(await stateOf(day)).toEqual(published);

  await project.fail(day);
  const failed = await stateOf(day);
  expect(failed).toMatchObject({ state: 'failed' });
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a')));
  expect((await compare()).stdout).toContain(`${day} equal`);
  // A rebuild would work by now, but none was done.
  expect(await stateOf(day)).toEqual(failed);
});

test('a day without a publish is not compared, and is not recorded as failed', async () => {
  const day = '2026-05-12';
  const { code, stdout, stderr } = await command('verify', '--day', day, '--rebuild', '--output', 'json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual({ ok: true, days: [{ day, outcome: 'not published' }] });
  // Started by hand, the run says the same.
  expect(await project.fail(day, false, { compare: true })).toMatchObject({
    cause: 'NothingPublished',
    message: expect.stringMatching(`there is nothing to compare. Build it: npx daybook run --day ${day}$`) as string,
  });
  expect(await stateOf(day)).toMatchObject({ state: 'not built', generation: 0, reason: '' });
});

test('a day that was rolled back and is held is verified as it is; an unfinished publish is reported', async () => {
  const day = '2026-05-20';
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a')));
  await project.run(day);
  await project.put(keyOf(day, 'b'), lines(payment(day, 'b')));
  await project.run(day);
  expect((await command('rollback', '--day', day)).code).toBe(0);
  expect((await command('verify', '--day', day)).code).toBe(0);

  const open = '2026-05-21';
  await project.put(keyOf(open, 'a'), lines(payment(open, 'a')));
  const input = await project.build(open);
  const dying = project.attempt({ world: diesBefore(project, 'publish daily_amounts') });
  await expect(dying.publish(input)).rejects.toThrow('the worker died');
  const { code, stdout } = await command('verify', '--day', open);
  expect(code).toBe(1);
  expect(stdout).toContain(`events of ${open}: its publish is unfinished. Recover it: npx daybook run --day ${open}`);
});

test('a table that was dropped is named as such, with apply before the run', async () => {
  const { database } = project;
  await project.admin.run({ sql: `DROP TABLE ${database}.daily_means` });
  const { code, stdout } = await verify();
  expect(code).toBe(1);
  const options = `--project ${project.app.project.dir}`;
  expect(stdout).toContain(
    `${database}.daily_means of ${FIRST}: the table does not exist, expected 1 as published. Create it: npx daybook apply ${options} ` +
      `and then publish the day again: npx daybook run --day ${FIRST} --force ${options}`,
  );
  expect((await command('apply')).code).toBe(0);
  expect((await project.run(FIRST, true)).outcome).toBe('published');
  expect((await verify()).stdout).not.toContain(`daily_means of ${FIRST}`);
});
