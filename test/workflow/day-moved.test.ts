import { CancelledFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { final } from '../../src/errors.js';
import type { DayInput, DayResult } from '../../src/shared/workflows.js';
import { defaultStubs, LISTED, SETTINGS } from '../support/stubs.js';
import { gate, until } from '../support/workflows.js';
import { concluded, night, nightAfterPublish } from './night.js';

const DAY = '2026-11-10';

test.each([
  ['stays published if readers have it', 1, 1, true],
  ['is built again on another one if they have not', 0, 2, false],
] as const)('a day whose node is lost at its publish %s', async (_, published, builds, recovered) => {
  const one = await nightAfterPublish(published, (day) => {
    if (day.verbs().filter((verb) => verb === 'publish').length > 1)
      return { tables: [{ table: 'events', rows: 1 }], burstMs: 1, touched: null };
    throw final('NodeLost', 'node a does not answer');
  });
  const result = (await (await one.startDay({ day: DAY })).result()) as DayResult;
  expect(result).toMatchObject({ outcome: 'published', recovered });
  expect(one.verbs().filter((verb) => verb === 'list')).toHaveLength(builds);
  expect(concluded(one).map(({ input }) => input)).toMatchObject([{ outcome: 'published' }]);
});

const nodeLost = () => final('NodeLost', 'node a does not answer');

test.each<[string, Partial<DayInput>, 'load' | 'eraseRows']>([
  ['an erasure', { erase: '0123-4567' }, 'eraseRows'],
  ['a comparison', { compare: true }, 'load'],
  ['a nightly run', { wait: true }, 'load'],
  ['a forced run with a choice about its folder', { force: true, keepVanished: true }, 'load'],
])('the day of %s, whose node is lost, begins again on another one', async (_, more, verb) => {
  const { load, eraseRows } = defaultStubs(SETTINGS, LISTED);
  let lost = false;
  const losing = <Input, Result>(stub: (input: Input) => Result) => {
    return (input: Input): Result => {
      if (lost) return stub(input);
      lost = true;
      throw nodeLost();
    };
  };
  const one = await night({ stubs: { load: losing(load), eraseRows: losing(eraseRows) } });
  const { outcome } = (await (await one.startDay({ day: DAY, ...more })).result()) as DayResult;
  expect(outcome).toBe(more.compare ? 'unchanged' : 'published');
  expect(one.calls.find((call) => call.verb === verb)?.end).toBe('failed');
  expect(one.verbs().filter((each) => each === 'recover')).toHaveLength(2);
});

test.each([
  ['load', 'cancelled'],
  ['publish', 'published'],
] as const)(
  'a day that is cancelled while its node is lost at step %s ends as %s, and does not move',
  async (at, end) => {
    const { opened, open } = gate();
    const losing = () =>
      opened.then((): never => {
        throw nodeLost();
      });
    const one = await night({
      stubs: {
        recover: () => ({ ...SETTINGS, project: one.project, published: one.verbs().includes('publish') ? 1 : 0 }),
        ...(at === 'load' ? { load: losing } : { publish: losing }),
      },
    });
    const handle = await one.startDay({ day: DAY });
    await until(() => one.verbs().includes(at));
    await handle.cancel();
    await until(async () =>
      ((await handle.fetchHistory()).events ?? []).some((event) => event.activityTaskCancelRequestedEventAttributes),
    );
    open();
    const result = handle.result();
    if (end === 'published') expect(await result).toMatchObject({ outcome: end, recovered: true });
    else await expect(result).rejects.toMatchObject({ cause: expect.any(CancelledFailure) as unknown });
    expect(one.verbs().filter((verb) => verb === 'list')).toHaveLength(1);
    expect(concluded(one).map(({ input }) => input)).toMatchObject([{ outcome: end }]);
  },
);
