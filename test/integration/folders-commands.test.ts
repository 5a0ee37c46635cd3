import { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { forecast } from '../../src/cli/plan/forecast.js';
import { plain } from '../../src/shared/sentence.js';
import { commandOf } from '../support/command.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, paymentIds, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

const DAYS = ['2026-09-01', '2026-09-02', '2026-09-03', '2026-09-04'] as const;
const [FIRST, SECOND, THIRD, EXPIRED] = DAYS;
const RANGE = ['--start', FIRST, '--end', EXPIRED];

let project: DayProject;

/** Four published days of two objects each. Then three folders are compacted, and the fourth loses an object. */
beforeAll(async () => {
  const source = { ...PAYMENTS_CONFIG.sources['events'], dedupeBy: [] };
  project = await openDays(inject('stack'), PAYMENTS, {
    ...PAYMENTS_CONFIG,
    start: FIRST,
    lateDays: 1,
    sources: { events: source },
  });
  for (const day of DAYS) for (const name of ['a', 'b']) await project.put(keyOf(day, name), lines(payment(day, name)));
  await project.backfill({ start: FIRST, end: EXPIRED });
  for (const day of [FIRST, SECOND, THIRD]) {
    await project.put(keyOf(day, 'merged'), lines(payment(day, 'a'), payment(day, 'b')));
    await project.app.store.remove(project.bucket, [keyOf(day, 'a'), keyOf(day, 'b')]);
  }
  await project.app.store.remove(project.bucket, [keyOf(EXPIRED, 'a')]);
});
afterAll(() => project.close());

const command = commandOf(inject('stack'), () => project);
const answersOf = (day: string) =>
  ['--replace-folder', '--keep-vanished'].map((answer) => `npx daybook run --day ${day} ${answer}`);
const idsOf = (day: string) => paymentIds(project, day);

test('plan and status show rewritten folders with both commands before anything runs', async () => {
  const { days } = await forecast(project.app, DAYS);
  expect(days.map(({ outcome }) => outcome)).toEqual(['fails', 'fails', 'fails', 'unchanged']);
  const plan = await command('plan', ...RANGE);
  const overview = await command('status');
  const detail = await command('status', '--day', FIRST);
  for (const answer of answersOf(FIRST))
    for (const { stdout } of [plan, overview, detail]) expect(stdout).toContain(answer);
  expect(overview.stdout).toMatch(new RegExp(`^${FIRST} +published .*objects are gone from its folders`, 'm'));
  expect(overview.stdout).toMatch(new RegExp(`^${EXPIRED} +published [^a-z]*$`, 'm'));
  const typed = answersOf(FIRST).map((one) => `  ${one} --project ${project.app.project.dir}`);
  expect(detail.stdout).toContain(`Next:\n${typed.join('\n')}`);
  const json = JSON.parse((await command('status', '--day', FIRST, '--output', 'json')).stdout) as object;
  expect(json).toMatchObject({ state: 'published', questions: [expect.any(String)], store: { answers: true } });
});

test('a run, a nightly run and a backfill fail a day with a rewritten folder by name, and readers keep what they have', async () => {
  const before = await Promise.all(DAYS.map((day) => project.state(day)));
  const run = await project.fail(SECOND, true);
  expect(run).toMatchObject({ step: 'list', cause: 'FolderRewritten' });
  for (const answer of answersOf(SECOND)) expect(run.message).toContain(answer);

  const night: unknown = await project.night(THIRD).catch((error: unknown) => error);
  expect(night).toBeInstanceOf(WorkflowFailedError);
  const message = (night as WorkflowFailedError).cause?.message ?? '';
  for (const answer of answersOf(THIRD)) expect(message).toContain(answer);

  const { code, stdout } = await command('backfill', ...RANGE);
  expect(code).toBe(1);
  expect(stdout).toContain('3 days failed because folders lost objects and got new ones');
  const again = `npx daybook backfill --start ${FIRST} --end ${EXPIRED} --reprocess failed`;
  expect(stdout).toContain(`${again} --replace-folder`);
  expect(stdout).toContain(`${again} --keep-vanished`);
  expect(await Promise.all(DAYS.map((day) => project.state(day)))).toEqual(before);
});

test('an answer for one day, then one for a range: every day has its rows once, and no row of vanished objects is lost', async () => {
  const both = await command('run', '--day', FIRST, '--replace-folder', '--keep-vanished');
  expect(both).toMatchObject({ code: 2, stdout: '' });
  const kept = await command('run', '--day', FIRST, '--keep-vanished');
  expect(kept).toMatchObject({ code: 0 });
  expect(await idsOf(FIRST)).toEqual(['a', 'a', 'b', 'b']);

  const dry = await command('backfill', ...RANGE, '--replace-folder', '--dry-run');
  expect(dry.stdout.match(/^2026-09-0\d(?: to \S+)? {2}\w+/gm)).toEqual([
    `${FIRST}  unchanged`,
    `${SECOND} to ${THIRD}  build`,
    `${EXPIRED}  unchanged`,
  ]);
  const filled = await command('backfill', ...RANGE, '--replace-folder');
  expect(filled).toMatchObject({ code: 0 });
  expect(await idsOf(FIRST), 'what was answered stays').toEqual(['a', 'a', 'b', 'b']);
  for (const day of [SECOND, THIRD, EXPIRED]) expect(await idsOf(day)).toEqual(['a', 'b']);
  expect((await forecast(project.app, DAYS)).days.map(({ outcome }) => outcome)).toEqual(DAYS.map(() => 'unchanged'));
  expect((await command('status')).stdout).not.toContain('objects are gone');
});

test('an edit that can no longer be built is planned as a failure, with what to do', async () => {
  const sql = PAYMENTS['sql/normalized/events.sql'] ?? '';
  await project.write('sql/normalized/events.sql', sql.replace('SELECT toDate(ts)', 'SELECT toDate(ts + 0)'));
  const { days } = await forecast(project.app, [SECOND, EXPIRED]);
  expect(days.map(({ outcome }) => outcome)).toEqual(['code', 'fails']);
  expect(days[1]?.notes.map(plain).join()).toMatch(
    new RegExp(`must read .* again .*npx daybook run --day ${EXPIRED} --force --replace-folder$`),
  );
  const failed = await project.fail(EXPIRED, true);
  expect(failed).toMatchObject({ step: 'list', cause: 'ObjectVanished' });
  await project.write('sql/normalized/events.sql', sql);
});

test('neither force nor a backfill of everything publishes a folder that never arrived; --allow-empty does', async () => {
  const [day, other] = ['2026-09-10', '2026-09-11'];
  expect(await project.fail(day, true)).toMatchObject({ step: 'list', cause: 'SourceNotReady' });
  const all = { start: day, end: other, reprocess: 'all' } as const;
  expect((await project.backfill(all)).failed.map(({ type }) => type)).toEqual(['SourceNotReady', 'SourceNotReady']);
  expect(await project.app.ledger.currentPublishes(day, other)).toEqual([]);

  expect(await command('run', '--day', day, '--allow-empty')).toMatchObject({ code: 0 });
  expect(await project.backfill({ ...all, allowEmpty: true })).toMatchObject({
    counts: { published: 1, unchanged: 1, failed: 0 },
  });
  expect((await project.backfill({ start: day, end: other })).counts).toMatchObject({ unchanged: 2, failed: 0 });
});
