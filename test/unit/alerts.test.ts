import { expect, test } from 'vitest';
import type { AlertInput } from '../../activities/alert/index.js';
import { slackMessage } from '../../activities/alert/slack.js';
import { command } from '../../src/shared/commands.js';
import { sentence } from '../../src/shared/sentence.js';
import type { DayEnded } from '../../src/shared/workflows.js';
import { alertOf, warningOf } from '../../workflows/nightly/alert-of.js';

const DAY = '2026-11-10';
const good: DayEnded = { day: DAY, outcome: 'published', reason: '', failure: null, result: null };
const failed = (step: string, type: string): DayEnded => ({
  ...good,
  outcome: 'failed',
  reason: `Day ${DAY} failed at step ${step}: so it is. Once fixed, run: npx daybook run --day ${DAY}`,
  failure: { step, type, reason: 'so it is.' },
});

test.each([
  ['failed', failed('test', 'TestFailed'), false, 'failed'],
  ['failed and was bad before', failed('test', 'TestFailed'), true, 'failed'],
  ['whose source is past its deadline', failed('wait', 'SourceNotReady'), false, 'deadline'],
  ['whose store refused while it waited', failed('wait', 'AccessDenied'), false, 'failed'],
  ['whose folder is empty', failed('list', 'SourceNotReady'), false, 'failed'],
  ['recovered', good, true, 'recovered'],
  ['is good as ever', good, false, undefined],
  ['is held, and was bad before', { ...good, outcome: 'held' }, true, undefined],
  ['was cancelled', { ...good, outcome: 'cancelled' }, true, undefined],
] as const)('a day that %s', (_, ended, wasBad, kind) => {
  expect(alertOf(ended, wasBad)?.kind).toBe(kind);
});

test('a failure without a message of its own still says what to type', () => {
  const terminated = { ...good, outcome: 'failed', reason: 'Workflow execution terminated' } as const;
  expect(alertOf(terminated, false)).toEqual({
    kind: 'failed',
    day: DAY,
    step: '',
    reason: 'Workflow execution terminated',
    next: [command.run(DAY)],
  });
});

test('each command of the notes is listed once', () => {
  const backfill = command.backfill('2026-11-01', '2026-11-03');
  const notes = [sentence('3 days are missing: ', backfill, '.'), sentence('again: ', backfill), 'nothing to type'];
  expect(warningOf(DAY, notes).next).toEqual([backfill]);
});

test('texts that Slack would read as links or names reach people as they are', () => {
  const alert: AlertInput = {
    kind: 'failed',
    day: DAY,
    step: 'refresh',
    reason: 'a < b && c > d, <!channel>',
    next: [command.statusOf('2026-11-10')],
  };
  const { text, attachments } = slackMessage('shop', alert);
  expect(text).toBe('shop: day 2026-11-10 failed at step refresh');
  expect(attachments[0]?.fields).toEqual([
    { title: 'Day', value: DAY, short: true },
    { title: 'Step', value: 'refresh', short: true },
    { title: 'Reason', value: 'a &lt; b &amp;&amp; c &gt; d, &lt;!channel&gt;', short: false },
    { title: 'Next', value: '`npx daybook status --day 2026-11-10`', short: false },
  ]);
});

test('a long reason keeps its beginning and its end', () => {
  const reason = `begin ${'x'.repeat(100_000)} end`;
  const [{ fields } = { fields: [] }] = slackMessage('shop', {
    kind: 'failed',
    day: DAY,
    step: '',
    reason,
    next: [],
  }).attachments;
  const value = fields.find(({ title }) => title === 'Reason')?.value ?? '';
  expect(value.length).toBeLessThan(2_200);
  expect(value).toMatch(/^begin .* end$/s);
});
