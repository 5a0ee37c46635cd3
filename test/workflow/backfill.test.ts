// Over 300 lines: all that one workflow promises, with the same stubs.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { final } from '../../src/errors.js';
import type { Touched } from '../../src/shared/build.js';
import { command } from '../../src/shared/commands.js';
import { daysBetween } from '../../src/shared/day.js';
import { taskQueue, workflowId } from '../../src/shared/names.js';
import { commandsIn, plain } from '../../src/shared/sentence.js';
import type { BackfillProgress, BackfillResult } from '../../src/shared/workflows.js';
import { lookOf } from '../support/real-activities.js';
import { LISTED, ONE_LINE, SETTINGS } from '../support/stubs.js';
import { attributesOf, gate, until, untilCancelled, type StubbedNight, type Verb } from '../support/workflows.js';
import { night } from './night.js';

const DAYS = ['2026-11-01', '2026-11-02', '2026-11-03', '2026-11-04', '2026-11-05', '2026-11-06'];
const [start = '', end = ''] = [DAYS[0], DAYS.at(-1)];
const UNCHANGED = { outcome: 'unchanged', todo: 0 } as const;

const dayOf = (input: unknown): string => {
  const { day, build } = input as { day?: string; build?: { day: string } };
  return day ?? build?.day ?? '';
};

/** Days of the attempts at an activity, in the order in which they began. */
const daysOf = (one: StubbedNight, verb: Verb) =>
  one.calls.filter((call) => call.verb === verb).map(({ input }) => dayOf(input));

const listed = (day: string) => ({ ...LISTED, todo: 1, build: { ...LISTED.build, day } });
const resultOf = async (handle: { result(): Promise<unknown> }) => (await handle.result()) as BackfillResult;

test('days are loaded in parallel, as many as requested, and published one after the other in ascending order', async () => {
  let running = 0;
  let most = 0;
  const publishing: number[] = [];
  const one = await night({
    stubs: {
      list: ({ day }) => {
        most = Math.max(most, ++running);
        return listed(day);
      },
      publish: ({ tables }) => {
        publishing.push(one.calls.filter(({ verb, end: ended }) => verb === 'publish' && ended === 'running').length);
        return { tables: tables.map(({ table }) => ({ table, rows: 1 })), burstMs: 1, touched: null };
      },
      sweep: () => {
        running--;
        return { stages: 1, archives: 0, archivedBytes: 0, objects: 0 };
      },
    },
  });
  const handle = await one.startBackfill({ start, end, concurrency: 3 });
  expect(await resultOf(handle)).toMatchObject({
    outcome: 'published',
    counts: { published: 6, failed: 0 },
    failed: [],
    notRun: 0,
  });
  expect(most).toBe(3);
  expect(daysOf(one, 'publish')).toEqual(DAYS);
  expect(new Set(publishing)).toEqual(new Set([1]));
  const refreshed = [...new Set(daysOf(one, 'refresh'))];
  expect(refreshed).toEqual(DAYS);
  // A run takes 200 days, and a history should stay below 5,000 events.
  expect((await handle.describe()).historyLength / DAYS.length).toBeLessThanOrEqual(5_000 / 200);
  expect(await attributesOf(handle)).toMatchObject({ DaybookKind: 'backfill', DaybookOutcome: 'published' });
});

test('a paused backfill lets running days finish and starts no new ones; resumed, it does the rest', async () => {
  const { opened, open } = gate();
  const one = await night({
    stubs: {
      normalize: async () => {
        await opened;
        return ONE_LINE;
      },
    },
  });
  const handle = await one.startBackfill({ start, end, concurrency: 2 });
  await until(() => daysOf(one, 'list').length === 2);
  await handle.signal('pause');
  open();
  const progress = () => handle.query<BackfillProgress>('progress');
  await until(async () => (await progress()).done === 2);
  expect(await progress()).toMatchObject({ paused: true, running: [], done: 2, total: 6 });
  expect(daysOf(one, 'list')).toHaveLength(2);
  await handle.signal('concurrency', 4);
  await handle.signal('concurrency', 'many');
  expect((await progress()).concurrency).toBe(4);
  await handle.signal('resume');
  expect((await resultOf(handle)).counts.published).toBe(6);
});

test('a failed day stops no other, and the result names it with its step and its reason', async () => {
  const one = await night({
    stubs: {
      list: ({ day }) => listed(day),
      test: ({ build }) => {
        if (build.day === DAYS[1]) throw final('TestFailed', 'Test a found 3 rows.');
        return { passed: 1, warned: [] };
      },
    },
  });
  const result = await resultOf(await one.startBackfill({ start, end }));
  expect(result).toMatchObject({ outcome: 'failed', counts: { published: 5, failed: 1 }, notRun: 0 });
  expect(result.failed.map((one) => ({ ...one, reason: plain(one.reason) }))).toEqual([
    {
      day: DAYS[1],
      outcome: 'failed',
      step: 'test',
      type: 'TestFailed',
      reason: `Day ${DAYS[1] ?? ''} failed at step test: Test a found 3 rows. Once fixed, run: npx daybook run --day ${DAYS[1] ?? ''}`,
    },
  ]);
});

test('with failFast, the first failure cancels the running later days cleanly and the rest is not started', async () => {
  const one = await night({
    stubs: {
      list: ({ day }) => listed(day),
      test: ({ build }) => {
        if (build.day === DAYS[1]) throw final('TestFailed', 'Test a found 3 rows.');
        return { passed: 1, warned: [] };
      },
    },
  });
  const result = await resultOf(await one.startBackfill({ start, end, concurrency: 2, failFast: true }));
  expect(result).toMatchObject({ outcome: 'failed', counts: { published: 1, failed: 1, cancelled: 0 }, notRun: 4 });
  expect(daysOf(one, 'publish')).toEqual([DAYS[0]]);
  expect(daysOf(one, 'list').length).toBeLessThanOrEqual(4);
  for (const day of new Set(daysOf(one, 'list')))
    expect((await one.client.workflow.getHandle(workflowId.day(one.project, day)).describe()).status.name).not.toBe(
      'RUNNING',
    );
});

test('with reprocess failed, only the days that failed are run, and then the days that look back on them', async () => {
  const asked: unknown[] = [];
  const one = await night({
    stubs: {
      outline: (input) => {
        asked.push(input);
        const days = input.which === 'failed' ? ['2026-11-02', '2026-11-05'] : ['2026-11-03'];
        return { project: one.project, days, looksBack: 2, daysPerRun: 200 };
      },
    },
  });
  const result = await resultOf(await one.startBackfill({ start, end, reprocess: 'failed' }));
  expect(asked).toEqual([
    { start, end, which: 'failed' },
    { start: '2026-11-03', end: '2026-11-07', which: 'published' },
  ]);
  expect(result.counts.published).toBe(3);
  expect(daysOf(one, 'publish')).toEqual(['2026-11-02', '2026-11-05', '2026-11-03']);
});

test('a day that had nothing to do is checked again once an earlier day that it reads was published; later days come last', async () => {
  const later = ['2026-11-07', '2026-11-08'];
  const touched: Touched = { first: '2026-11-02', last: '2026-11-08', days: 7 };
  let published = false;
  const { opened, open } = gate();
  const one = await night({
    stubs: {
      outline: ({ start: first, which }) => ({
        project: one.project,
        days: which === 'published' ? later.filter((day) => day >= first) : DAYS.slice(0, 3),
        looksBack: 1,
        daysPerRun: 200,
      }),
      list: ({ day }) => (day === start || published ? listed(day) : { ...listed(day), ...UNCHANGED }),
      normalize: async ({ build }) => {
        if (build.day === start) await opened;
        return ONE_LINE;
      },
      publish: ({ build }) => {
        published = true;
        return { tables: [{ table: 'events', rows: 1 }], burstMs: 1, touched: build.day === start ? touched : null };
      },
    },
  });
  const handle = await one.startBackfill({ start, end: DAYS[2] ?? '' });
  await until(() => daysOf(one, 'list').length === 3);
  open();
  expect((await resultOf(handle)).counts).toMatchObject({ published: 5, unchanged: 0 });
  expect(daysOf(one, 'publish')).toEqual([...DAYS.slice(0, 3), ...later]);
});

test('a long backfill drains and continues as new after a number of days, and keeps its counts', async () => {
  const days = Array.from({ length: 20 }, (_, index) => `2026-03-${String(index + 1).padStart(2, '0')}`);
  const [first = '', last = ''] = [days[0], days.at(-1)];
  const one = await night({
    listed: UNCHANGED,
    stubs: {
      outline: ({ start: from }) => ({
        project: one.project,
        days: days.filter((day) => day >= from),
        looksBack: 0,
        daysPerRun: 6,
      }),
    },
  });
  const handle = await one.startBackfill({ start: first, end: last, concurrency: 5 });
  expect(await resultOf(handle)).toMatchObject({ outcome: 'unchanged', counts: { unchanged: 20 } });
  expect(daysOf(one, 'list').sort()).toEqual(days);
  expect(one.verbs().filter((verb) => verb === 'outline')).toHaveLength(4);
});

test('a long backfill continues after a failed day, and its result still names that day with the command', async () => {
  const [first = '', failing = ''] = DAYS;
  const one = await night({
    stubs: {
      outline: ({ start: from, end: to }) => ({
        ...{ project: one.project, days: daysBetween(from, to), looksBack: 0, daysPerRun: 2 },
      }),
      list: ({ day }) => (day === failing ? listed(day) : { ...listed(day), ...UNCHANGED }),
      load: () => {
        throw final('ContractBroken', 'Table events: day 2026-11-02 has rows of another day.');
      },
    },
  });
  const result = await resultOf(await one.startBackfill({ start: first, end }));
  expect(result).toMatchObject({ outcome: 'failed', counts: { unchanged: 5, failed: 1 }, notRun: 0 });
  expect(result.failed).toMatchObject([{ day: failing, step: 'load', type: 'ContractBroken' }]);
  expect(commandsIn(result.failed[0]?.reason ?? '')).toEqual([command.run(failing)]);
  expect(one.verbs().filter((verb) => verb === 'outline')).toHaveLength(3);
});

/** A night of unchanged days; `asked` gets what each outline was asked for about unchanged days, and `quiet` are those that it finds. */
async function outlinedNight(asked: unknown[], quiet?: string[]): Promise<StubbedNight> {
  const one = await night({
    listed: UNCHANGED,
    stubs: {
      outline: ({ start: from, end: to, unchanged }) => {
        asked.push(unchanged);
        const found = quiet ? { unchanged: quiet } : {};
        return { project: one.project, days: daysBetween(from, to), ...found, looksBack: 0, daysPerRun: 200 };
      },
    },
  });
  return one;
}

test('days of which the outline finds that a run would do nothing are counted, and not started', async () => {
  const quiet = [DAYS[0] ?? '', DAYS[1] ?? '', DAYS[4] ?? ''];
  const asked: unknown[] = [];
  const one = await outlinedNight(asked, quiet);
  const result = await resultOf(await one.startBackfill({ start, end }));
  expect(result).toMatchObject({ outcome: 'unchanged', counts: { unchanged: 6 }, notRun: 0 });
  expect(daysOf(one, 'list').sort()).toEqual(DAYS.filter((day) => !quiet.includes(day)));
  expect(asked).toEqual([{ code: true }]);
});

test('a forced range, and one with an answer about vanished objects, run every day', async () => {
  const asked: unknown[] = [];
  const one = await outlinedNight(asked);
  await resultOf(await one.startBackfill({ start, end: start, reprocess: 'all' }));
  await resultOf(await one.startBackfill({ start, end: start, keepVanished: true }));
  expect(asked).toEqual([undefined, undefined]);
});

test('an unchanged day is run after all if an earlier day that it reads is published again', async () => {
  const [first = '', second = '', third = '', , , sixth = ''] = DAYS;
  const touched: Touched = { first: second, last: third, days: 2 };
  const one = await night({
    stubs: {
      outline: ({ start: from, end: to }) => ({
        ...{ project: one.project, days: daysBetween(from, to), unchanged: DAYS.slice(1) },
        ...{ looksBack: 0, daysPerRun: 200 },
      }),
      list: ({ day }) => (day === first ? listed(day) : { ...listed(day), ...UNCHANGED }),
      publish: ({ tables }) => ({ tables: tables.map(({ table }) => ({ table, rows: 1 })), burstMs: 1, touched }),
    },
  });
  const result = await resultOf(await one.startBackfill({ start, end: sixth, concurrency: 2 }));
  expect(result.counts).toMatchObject({ published: 1, unchanged: 5 });
  expect(daysOf(one, 'list').sort()).toEqual([first, second, third]);
});

test('days that were found unchanged before a pause are run after it: the SQL may have been edited meanwhile', async () => {
  const [first = '', second = '', third = ''] = DAYS;
  const { opened, open } = gate();
  const one = await night({
    stubs: {
      outline: ({ start: from, end: to }) => ({
        ...{ project: one.project, days: daysBetween(from, to), unchanged: [second, third] },
        ...{ looksBack: 0, daysPerRun: 200 },
      }),
      list: ({ day }) => (day === first ? opened.then(() => listed(day)) : { ...listed(day), ...UNCHANGED }),
    },
  });
  const handle = await one.startBackfill({ start, end: third, concurrency: 1 });
  await until(() => one.verbs().includes('list'));
  await handle.signal('pause');
  open();
  await expect.poll(() => handle.query<BackfillProgress>('progress')).toMatchObject({ paused: true, done: 1 });
  await handle.signal('resume');
  expect((await resultOf(handle)).counts).toMatchObject({ published: 1, unchanged: 2 });
  expect(daysOf(one, 'list').sort()).toEqual([first, second, third]);
});

test('cancelling a backfill cancels its days, and it ends after their cleanup', async () => {
  const one = await night({ stubs: { list: ({ day }) => listed(day), normalize: untilCancelled } });
  const handle = await one.startBackfill({ start, end, concurrency: 2 });
  await until(() => one.verbs().filter((verb) => verb === 'normalize').length === 2);
  await handle.cancel();
  await expect(handle.result()).rejects.toThrow();
  expect((await handle.describe()).status.name).toBe('CANCELLED');
  expect(await attributesOf(handle)).toMatchObject({ DaybookOutcome: 'cancelled' });
  expect(daysOf(one, 'conclude').sort()).toEqual(DAYS.slice(0, 2));
  expect(one.calls.filter(({ end: ended }) => ended === 'running')).toEqual([]);
});

test('a backfill that is cancelled while an overtaken day runs again waits for that day, too', async () => {
  const [first, overtaken] = [DAYS[0] ?? '', DAYS[1] ?? ''];
  const { opened, open } = gate();
  let cleaned = false;
  const one = await night({
    stubs: {
      list: ({ day }) => {
        const looks = daysOf(one, 'list').filter((listedDay) => listedDay === overtaken).length;
        return day === overtaken && looks === 1 ? { ...listed(day), ...UNCHANGED } : listed(day);
      },
      normalize: async ({ build }) => {
        if (build.day === first) await opened;
        else
          await untilCancelled().finally(async () => {
            // A statement takes its time to be seen gone.
            await sleep(build.day === overtaken ? 1_000 : 0);
            cleaned ||= build.day === overtaken;
          });
        return ONE_LINE;
      },
      publish: () => ({
        tables: [{ table: 'events', rows: 1 }],
        burstMs: 1,
        touched: { first: overtaken, last: overtaken, days: 1 },
      }),
    },
  });
  // Two at once: others still wait to be started when it is cancelled.
  const handle = await one.startBackfill({ start, end, concurrency: 2 });
  await until(() => daysOf(one, 'list').length === 2);
  open();
  await until(() => daysOf(one, 'normalize').includes(overtaken));
  await handle.cancel();
  await expect(handle.result()).rejects.toThrow();
  expect(cleaned).toBe(true);
});

test('a failed day that may have published overtakes the days that had checked before', async () => {
  const [first, second] = [DAYS[0] ?? '', DAYS[1] ?? ''];
  const { opened, open } = gate();
  const one = await night({
    stubs: {
      list: ({ day }) => (day === first ? listed(day) : { ...listed(day), ...UNCHANGED }),
      normalize: () => opened.then(() => ONE_LINE),
      publish: () => {
        throw final('Bug', 'its progress is unknown');
      },
      recover: () => {
        if (one.verbs().includes('publish')) throw final('AccessDenied', 'the ledger cannot be asked');
        return { ...SETTINGS, project: one.project };
      },
    },
  });
  const handle = await one.startBackfill({ start: first, end: second });
  await until(() => daysOf(one, 'list').length === 2);
  open();
  await resultOf(handle);
  expect(one.verbs().filter((verb) => verb === 'recover').length).toBeGreaterThan(3);
});

test('a day that is running already is awaited, and then checked', async () => {
  const { opened, open } = gate();
  const one = await night({
    listed: UNCHANGED,
    stubs: {
      wait: () => opened.then(() => ({ ready: true, missing: [], againInMs: 1 })),
      look: lookOf(() => one),
    },
  });
  const other = await one.startDay({ day: DAYS[1] ?? '', wait: true });
  await until(() => one.verbs().includes('wait'));
  const handle = await one.startBackfill({ start, end: DAYS[2] ?? '' });
  await until(() => one.verbs().includes('look'));
  open();
  await other.result();
  expect((await resultOf(handle)).counts.unchanged).toBe(3);
});

test('two overlapping backfills, each wider than the slots of the one worker, both go on', async () => {
  const all = daysBetween('2026-10-01', '2026-10-07');
  const published = new Set<string>();
  const one = await night({
    lightSlots: 2,
    stubs: {
      look: lookOf(() => one),
      list: ({ day }) => ({
        ...LISTED,
        ...(published.has(day) ? UNCHANGED : {}),
        build: { ...LISTED.build, day },
        chunks: 1,
        todo: published.has(day) ? 0 : 1,
      }),
      publish: ({ build, tables }) => {
        published.add(build.day);
        return { tables: tables.map(({ table }) => ({ table, rows: 24 })), burstMs: 9, touched: null };
      },
    },
  });
  const concurrency = 20;
  const handles = [
    await one.startBackfill({ start: all[0] ?? '', end: all.at(-2) ?? '', concurrency }),
    await one.startBackfill({ start: all[1] ?? '', end: all.at(-1) ?? '', concurrency }),
  ];
  for (const handle of handles) expect(await resultOf(handle)).toMatchObject({ failed: [], notRun: 0 });
  expect([...published].sort()).toEqual(all);
  expect(one.verbs()).toContain('look');
  expect(one.verbs()).not.toContain('attend');
  expect(daysOf(one, 'publish').sort()).toEqual(all);
});

test('an invalid input fails at once, and says what was expected', async () => {
  const one = await night();
  const wrong = await one.startBackfill({ start, end, concurrency: 0 });
  await expect(wrong.result()).rejects.toMatchObject({
    cause: {
      type: 'BadInput',
      message: expect.stringContaining('concurrency is 0; expected a whole number from 1 to 64') as string,
    },
  });
  expect(await attributesOf(wrong)).toMatchObject({ DaybookKind: 'backfill', DaybookOutcome: 'failed' });
  const none = await one.client.workflow.start('backfill', {
    workflowId: `${workflowId.backfill(one.project, start, end)}-none`,
    taskQueue: taskQueue.light(one.project),
  });
  await expect(none.result()).rejects.toMatchObject({
    cause: { type: 'BadInput', message: expect.stringContaining('the input is missing') as string },
  });
});

test('a choice about folders applies to the days of the range, not to those that look back on them; failed days keep their type', async () => {
  const later = '2026-11-07';
  const one = await night({
    settings: { refreshConcurrency: 1 },
    stubs: {
      outline: ({ which }) => ({
        project: one.project,
        days: which === 'published' ? [later] : DAYS.slice(0, 2),
        looksBack: 1,
        daysPerRun: 200,
      }),
      list: ({ day }) => {
        if (day === DAYS[1]) throw final('FolderRewritten', 'Objects are gone and new ones came.');
        return { ...LISTED, ...UNCHANGED, build: { ...LISTED.build, day } };
      },
    },
  });
  const handle = await one.startBackfill({ start, end: DAYS[1] ?? '', keepVanished: true, allowEmpty: true });
  expect((await resultOf(handle)).failed).toMatchObject([{ day: DAYS[1], step: 'list', type: 'FolderRewritten' }]);
  const inputs = new Map(one.calls.filter(({ verb }) => verb === 'list').map(({ input }) => [dayOf(input), input]));
  expect(inputs.get(start)).toMatchObject({ day: start, code: true, keepVanished: true, allowEmpty: true });
  expect(inputs.get(later)).toEqual({ day: later, force: false, code: false });
  const wrong = await one.startBackfill({ start, end, replaceFolder: true, keepVanished: true });
  await expect(wrong.result()).rejects.toMatchObject({ cause: { type: 'BadInput' } });
});

test.each([
  {
    type: 'BadInput',
    text: 'end 2026-10-01 is before start',
    as: 'BadInput',
    message: /^end 2026-10-01 is before start$/,
  },
  {
    type: 'AccessDenied',
    text: 'ClickHouse refuses.',
    as: 'BackfillFailed',
    message:
      /could not start or continue: ClickHouse refuses\. Once fixed, run: npx daybook backfill --start 2026-11-01 --end 2026-11-06$/,
  },
] as const)(
  'a backfill that cannot determine its days ($type) fails, with what to type',
  async ({ type, text, as, message }) => {
    const one = await night({
      stubs: {
        outline: () => {
          throw final(type, text);
        },
      },
    });
    const handle = await one.startBackfill({ start, end });
    await expect(handle.result()).rejects.toMatchObject({
      cause: { type: as, message: expect.stringMatching(message) as string },
    });
    expect(await attributesOf(handle)).toMatchObject({ DaybookOutcome: 'failed' });
  },
);
