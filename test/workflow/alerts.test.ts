import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { expect, test } from 'vitest';
import { alert, type AlertInput } from '../../activities/alert/index.js';
import { final } from '../../src/errors.js';
import { command } from '../../src/shared/commands.js';
import { sentence } from '../../src/shared/sentence.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Step } from '../../src/step/step.js';
import { openWebhook } from '../../src/webhook.js';
import { receive } from '../support/http.js';
import { LISTED, surveyed } from '../support/stubs.js';
import { attributesOf, until, untilCancelled, type StubbedNight, type Stubs } from '../support/workflows.js';
import { night } from './night.js';

const SECRET = 'T0001-B0002-hush';
const DAY = '2026-11-10';
const UNCHANGED = { outcome: 'unchanged', todo: 0 } as const;

/** The real activity, posting to a real server. */
const posting =
  (address: string): Stubs['alert'] =>
  (input) =>
    alert(
      {
        ledger: { project: 'shop' },
        webhook: () => Promise.resolve(openWebhook('SLACK_WEBHOOK_URL', `${address}/services/${SECRET}`)),
      } as unknown as Dependencies,
      input,
      { signal: Context.current().cancellationSignal } as Step,
    );

/** The messages, by day: they are sent in parallel. */
const alerts = (one: StubbedNight) =>
  one.calls
    .flatMap(({ verb, input }) => (verb === 'alert' ? [input as AlertInput] : []))
    .sort((a, b) => (a.day + a.kind < b.day + b.kind ? -1 : 1));

const closed = async (handle: WorkflowHandle) => {
  await handle.result().catch(() => undefined);
  return (await handle.describe()).status.name;
};

test('a failed day, one past its deadline, a recovered one and warnings: one message each, with what to type', async () => {
  const one = await night({
    stubs: {
      survey: () =>
        surveyed({
          project: one.project,
          late: ['2026-11-07', '2026-11-08', '2026-11-09'],
          bad: ['2026-11-09'],
          alerts: true,
        }),
      list: ({ day }) => {
        if (day === '2026-11-07') throw final('TestFailed', 'Test never_less found 3 rows.');
        return day === '2026-11-08'
          ? { ...LISTED, ...UNCHANGED, notes: ['events: 1 of 4 objects is no longer listed'] }
          : { ...LISTED, build: { ...LISTED.build, day } };
      },
      test: ({ build }) => ({ passed: 1, warned: build.day === '2026-11-09' ? [{ test: 'few_rows', rows: 2 }] : [] }),
      wait: ({ day }) => {
        if (day !== DAY) return { ready: true, missing: [], againInMs: 1 };
        throw final('SourceNotReady', sentence('events: nothing there. Once it has arrived, run: ', command.run(DAY)));
      },
    },
  });
  expect(await closed(await one.startNightly())).toBe('FAILED');
  expect(alerts(one)).toEqual([
    {
      kind: 'failed',
      day: '2026-11-07',
      step: 'list',
      reason: 'Test never_less found 3 rows.',
      next: [command.run('2026-11-07')],
    },
    {
      kind: 'recovered',
      day: '2026-11-09',
      step: '',
      reason: 'It is published now.',
      next: [command.statusOf('2026-11-09')],
    },
    {
      kind: 'deadline',
      day: DAY,
      step: 'wait',
      reason: `events: nothing there. Once it has arrived, run: npx daybook run --day ${DAY}`,
      next: [command.run(DAY)],
    },
    {
      kind: 'warning',
      day: DAY,
      step: '',
      reason:
        '2026-11-08: events: 1 of 4 objects is no longer listed\n' +
        '2026-11-09: test few_rows found 2 rows: npx daybook status --day 2026-11-09',
      next: [command.statusOf('2026-11-09')],
    },
  ]);
});

test('a late day whose folder is still incomplete does not count as recovered: it fails as before', async () => {
  const late = '2026-11-09';
  const one = await night({
    listed: UNCHANGED,
    stubs: {
      survey: () => surveyed({ project: one.project, late: ['2026-11-08', late], bad: [late], alerts: true }),
      wait: ({ day, since }) => {
        if (day === DAY) return { ready: true, missing: [], againInMs: 1 };
        throw final('SourceNotReady', `no marker, waited since ${String(since)}`);
      },
    },
  });
  expect(await closed(await one.startNightly())).toBe('FAILED');
  // A day that is published was complete once: it is not asked.
  expect(one.calls.flatMap(({ verb, input }) => (verb === 'wait' ? [(input as { day: string }).day] : []))).toEqual([
    late,
    DAY,
  ]);
  expect(alerts(one)).toMatchObject([{ kind: 'deadline', day: late, reason: 'no marker, waited since null' }]);
});

test('a nightly run that is cancelled while its webhook is down still delivers its messages', async () => {
  let attempts = 0;
  const one = await night({
    stubs: {
      survey: () => surveyed({ project: one.project, late: ['2026-11-09'], alerts: true }),
      list: ({ day }) => {
        if (day === '2026-11-09') throw final('TestFailed', 'Test never_less found 3 rows.');
        return untilCancelled();
      },
      alert: () => {
        if (++attempts < 3) throw new Error('connect ECONNREFUSED');
        return { sent: true };
      },
    },
  });
  const handle = await one.startNightly();
  await until(() => attempts > 0 && one.verbs().filter((verb) => verb === 'list').length === 2);
  await handle.cancel();
  expect(await closed(handle)).toBe('CANCELLED');
  expect(attempts).toBe(3);
  expect(await attributesOf(handle)).toMatchObject({ DaybookKind: 'nightly', DaybookOutcome: 'cancelled' });
});

test('a nightly run that cannot start sends an alert, too', async () => {
  const one = await night({
    stubs: {
      survey: () => {
        throw final('AccessDenied', 'ClickHouse refuses the user daybook.');
      },
    },
  });
  const handle = await one.startNightly();
  await expect(handle.result()).rejects.toMatchObject({
    cause: {
      type: 'NightFailed',
      message:
        'The nightly run could not start: ClickHouse refuses the user daybook. Once fixed, run: npx daybook schedule trigger',
    },
  });
  expect(alerts(one)).toEqual([
    {
      kind: 'failed',
      day: '',
      step: 'survey',
      reason: 'ClickHouse refuses the user daybook.',
      next: [command.schedule('trigger')],
    },
  ]);
});

test('a message is posted again until it is accepted, and its day does not wait for it', async () => {
  const { address, received } = await receive('cut', 500, 429);
  const one = await night({
    listed: UNCHANGED,
    stubs: {
      survey: () => surveyed({ project: one.project, bad: [DAY], alerts: true }),
      alert: posting(address),
    },
  });
  expect(await closed(await one.startNightly())).toBe('COMPLETED');
  expect(received).toHaveLength(4);
  expect(new Set(received.map(({ path }) => path))).toEqual(new Set([`/services/${SECRET}`]));
  expect(received.at(-1)?.body).toEqual({
    text: `shop: day ${DAY} recovered`,
    attachments: [
      {
        color: '#2eb886',
        fallback: `shop: day ${DAY} recovered`,
        fields: [
          { title: 'Day', value: DAY, short: true },
          { title: 'Reason', value: 'It is unchanged now.', short: false },
          { title: 'Next', value: `\`npx daybook status --day ${DAY}\``, short: false },
        ],
      },
    ],
  });
});

test.each([
  ['refuses', 404],
  ['redirects', 302],
])(
  'a webhook that %s the message fails neither the day nor the nightly run, and its address is in no history',
  async (_, status) => {
    const { address, received } = await receive(...Array<number>(50).fill(status));
    const one = await night({
      listed: UNCHANGED,
      stubs: {
        survey: () => surveyed({ project: one.project, bad: [DAY], alerts: true }),
        alert: async (input) => {
          // Fifteen minutes of trying are too long for a test.
          if (Context.current().info.attempt === 3) throw final('Bug', 'enough');
          return await posting(address)(input);
        },
      },
    });
    const handle = await one.startNightly();
    expect(await closed(handle)).toBe('COMPLETED');
    expect(received).toHaveLength(status === 404 ? 1 : 2);
    const history = JSON.stringify(await handle.fetchHistory());
    expect(history).not.toContain(SECRET);
    expect(history).not.toContain(address.slice('http://'.length));
  },
);
