// Over 300 lines: one entry for each recorded history.
import type { WorkflowHandle, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { final } from '../../src/errors.js';
import { command } from '../../src/shared/commands.js';
import { daysBetween } from '../../src/shared/day.js';
import { taskQueue, workflowId } from '../../src/shared/names.js';
import { sentence } from '../../src/shared/sentence.js';
import type { BackfillProgress } from '../../src/shared/workflows.js';
import { built, defaultStubs, LISTED, ONE_LINE, SETTINGS, SHARED, surveyed } from '../support/stubs.js';
import { gate, until, untilCancelled, type StubbedNight, type StubbedNightOptions } from '../support/workflows.js';

/** A scenario of a workflow; its history is kept and replayed. */
export interface Scenario {
  /** Events after which the server suggests continue-as-new; the default is Temporal's own. */
  suggestedAt?: number;
  options(night: () => StubbedNight): StubbedNightOptions;
  /** Runs it to its end, good or bad. */
  run(night: StubbedNight): Promise<WorkflowHandle>;
}

const DAY = '2026-11-10';
const UNCHANGED = { outcome: 'unchanged', todo: 0 } as const;

const RANGE = { start: '2026-11-09', end: '2026-11-11' } as const;
const RANGE_DAYS = 3;

const ended = async (handle: WorkflowHandle) => {
  await handle.result().catch(() => undefined);
  return handle;
};

/** The first of the runs that a long history is divided into, and the last. */
const firstRunOf = async (night: StubbedNight, started: WorkflowHandleWithFirstExecutionRunId) => {
  await ended(night.client.workflow.getHandle(started.workflowId));
  return night.client.workflow.getHandle(started.workflowId, started.firstExecutionRunId);
};
const lastRunOf = (night: StubbedNight, { workflowId: id }: WorkflowHandle) =>
  ended(night.client.workflow.getHandle(id));

const runDay = async (night: StubbedNight) => ended(await night.startDay({ day: DAY }));

const runBackfill = async (night: StubbedNight) => ended(await night.startBackfill({ ...RANGE, concurrency: 2 }));

const runDayOfBackfill = async (night: StubbedNight) => {
  await runBackfill(night);
  return night.client.workflow.getHandle(workflowId.day(night.project, DAY));
};

const progressOf = ({ client, project }: StubbedNight) =>
  client.workflow.getHandle(workflowId.backfill(project, RANGE.start, RANGE.end)).query<BackfillProgress>('progress');

const runErasure = async ({ client, project }: StubbedNight) =>
  ended(
    await client.workflow.start('erase', {
      workflowId: workflowId.erase(project, '0123-4567'),
      taskQueue: taskQueue.light(project),
      args: [{ id: '0123-4567' }],
    }),
  );

/** Models that look back, so that a day whose turn has come copies the days before it again. */
const lookingBack = {
  tables: LISTED.tables.map((table) => ({ ...table, keep: table.kind === 'normalized' ? 2 : 0 })),
};

/** Workers that replay days whose steps share activities, and a small day with models that look back. */
const sharing = (): StubbedNightOptions => ({
  settings: { shares: true },
  listed: {
    todo: 2,
    tables: LISTED.tables.map((table) => ({ ...table, keep: table.name === 'events' ? 2 : 0 })),
  },
  stubs: SHARED,
});

export const SCENARIOS: Record<string, Scenario> = {
  'day-published': { options: () => ({}), run: runDay },
  'day-sharing-activities-in-its-turn': { options: sharing, run: runDayOfBackfill },
  'day-unchanged': { options: () => ({ listed: UNCHANGED }), run: runDay },
  'day-failed': {
    options: () => ({
      stubs: {
        test: () => {
          throw final('TestFailed', 'Test no_empty_country found 3 rows that must not exist.');
        },
      },
    }),
    run: runDay,
  },
  'day-failed-in-a-chunk': {
    options: (night) => ({
      stubs: {
        normalize: async ({ chunk }) => {
          if (chunk === 1) return await untilCancelled();
          await until(
            () =>
              night()
                .verbs()
                .filter((verb) => verb === 'normalize').length === 2,
          );
          throw final('BadObject', 'raw/a.gz ends in the middle of a block.');
        },
      },
    }),
    run: runDay,
  },
  'day-cancelled': {
    options: () => ({ stubs: { normalize: untilCancelled } }),
    run: async (night) => {
      const handle = await night.startDay({ day: DAY });
      await until(() => night.verbs().includes('normalize'));
      await handle.cancel();
      return ended(handle);
    },
  },
  'day-cancelled-after-its-publish': {
    options: (night) => ({
      stubs: {
        recover: () => ({ ...SETTINGS, project: night().project, failedBefore: true }),
        sweep: untilCancelled,
      },
    }),
    run: async (night) => {
      const handle = await night.startDay({ day: DAY });
      await until(() => night.verbs().includes('sweep'));
      await handle.cancel();
      return ended(handle);
    },
  },
  // Its node is lost while the cancel arrives.
  'day-cancelled-before-it-moves': {
    options: (night) => {
      const isCancelled = async () => {
        const { client, project } = night();
        const { events } = await client.workflow.getHandle(workflowId.day(project, DAY)).fetchHistory();
        return (events ?? []).some((event) => event.activityTaskCancelRequestedEventAttributes);
      };
      const attempts = { left: 2 };
      return {
        stubs: {
          load: async (input) => {
            if (attempts.left-- <= 0) return defaultStubs(SETTINGS, LISTED).load(input);
            await until(isCancelled);
            throw final('NodeLost', 'node a does not answer');
          },
        },
      };
    },
    run: async (night) => {
      const handle = await night.startDay({ day: DAY });
      await until(() => night.verbs().filter((verb) => verb === 'load').length === 2);
      await handle.cancel();
      return firstRunOf(night, handle);
    },
  },
  'day-waited': {
    options: (night) => ({
      listed: UNCHANGED,
      stubs: {
        wait: () => ({
          ready:
            night()
              .verbs()
              .filter((verb) => verb === 'wait').length === 2,
          missing: ['events: raw/ holds 0 objects, at least 1 are expected'],
          againInMs: 10,
        }),
      },
    }),
    run: async (night) => ended(await night.startDay({ day: DAY, wait: true })),
  },
  nightly: {
    options: (night) => ({
      stubs: {
        survey: () => surveyed({ project: night().project, day: DAY, late: ['2026-11-08', '2026-11-09'] }),
        list: ({ day }) => {
          if (day === '2026-11-08') throw final('AccessDenied', 's3://shop-data refuses the credentials.');
          return { ...LISTED, ...UNCHANGED, build: { ...LISTED.build, day } };
        },
      },
    }),
    run: async (night) => ended(await night.startNightly()),
  },
  'nightly-awaiting-a-day': {
    options: () => {
      const { opened, open } = gate();
      return {
        listed: UNCHANGED,
        stubs: {
          wait: () => opened.then(() => ({ ready: true, missing: [], againInMs: 10 })),
          look: ({ workflowIds }) => {
            open();
            return { ended: workflowIds };
          },
        },
      };
    },
    run: async (night) => {
      const other = await night.startDay({ day: DAY, wait: true });
      const handle = await night.startNightly({ day: DAY });
      await other.result();
      return ended(handle);
    },
  },
  'nightly-cancelled': {
    options: (night) => ({
      stubs: {
        survey: () => surveyed({ project: night().project, day: DAY, late: ['2026-11-09'], bad: ['2026-11-09'] }),
        wait: ({ day }) => (day === DAY ? untilCancelled() : { ready: true, missing: [], againInMs: 10 }),
      },
      listed: UNCHANGED,
    }),
    run: async (night) => {
      const handle = await night.startNightly();
      await until(() => night.verbs().filter((verb) => verb === 'wait').length === 2);
      await handle.cancel();
      return ended(handle);
    },
  },
  'nightly-alerting': {
    options: (night) => ({
      listed: UNCHANGED,
      stubs: {
        survey: () => surveyed({ project: night().project, day: DAY, alerts: true, bad: [DAY] }),
        audit: () => ({
          notes: [
            sentence('2026-11-01 to 2026-11-03 were never built: ', command.backfill('2026-11-01', '2026-11-03')),
          ],
        }),
      },
    }),
    run: async (night) => ended(await night.startNightly()),
  },
  'day-published-after-all': {
    options: (night) => ({
      stubs: {
        recover: () => ({
          ...SETTINGS,
          project: night().project,
          published: night().verbs().includes('publish') ? LISTED.build.generation : 0,
        }),
        publish: () => {
          throw final('AccessDenied', 's3://shop-data refuses the credentials.');
        },
      },
    }),
    run: runDay,
  },
  'day-closed-badly': {
    options: () => ({
      stubs: {
        conclude: () => {
          throw final('AccessDenied', 'the ledger refuses the credentials.');
        },
      },
    }),
    run: runDay,
  },
  'day-continued': {
    suggestedAt: 40,
    options: (night) => ({
      stubs: {
        list: ({ day }) => {
          const done = night().calls.filter(({ verb, end }) => verb === 'normalize' && end === 'done').length;
          return { ...LISTED, build: { ...LISTED.build, day }, chunks: 20, todo: 20 - done, sizes: [] };
        },
      },
    }),
    run: async (night) => firstRunOf(night, await night.startDay({ day: DAY })),
  },
  'day-rolled-back': {
    options: () => ({}),
    run: async (night) => ended(await night.startDay({ day: DAY, rollback: true })),
  },
  'day-erased': {
    options: () => ({}),
    run: async (night) => ended(await night.startDay({ day: DAY, erase: '0123-4567' })),
  },
  erase: {
    options: (night) => ({
      listed: UNCHANGED,
      stubs: {
        eraseChunks: () => ({
          ...{ project: night().project, table: 'events', days: ['2026-11-09', DAY], rows: 4, chunks: 1, rejects: 1 },
        }),
      },
    }),
    run: runErasure,
  },
  // A day that was published meanwhile, and one of which nothing is published.
  'erase-finding-days-at-its-end': {
    options: (night) => ({
      listed: UNCHANGED,
      stubs: {
        eraseChunks: () => ({
          ...{ project: night().project, table: 'events', days: [DAY], rows: 2, chunks: 1, rejects: 0 },
          since: '2026-11-12 00:00:00.000',
        }),
        eraseRows: ({ day }) =>
          day === '2026-11-12'
            ? { build: { day, generation: 0, plan: '' }, tables: [], erased: 0 }
            : { build: { ...LISTED.build, day }, tables: [built('events')], erased: 2 },
        endErasure: () => ({
          archives: 1,
          left: night().verbs().slice(0, -1).includes('endErasure')
            ? []
            : [
                { day: '2026-11-11', rows: 1 },
                { day: '2026-11-12', rows: 1 },
              ],
          stale: ['2026-11-13'],
        }),
      },
    }),
    run: runErasure,
  },
  'day-compared': {
    options: () => ({}),
    run: async (night) => ended(await night.startDay({ day: DAY, compare: true })),
  },
  'day-in-its-turn': {
    options: () => ({ listed: lookingBack }),
    run: runDayOfBackfill,
  },
  'backfill-published': { options: () => ({ listed: lookingBack }), run: runBackfill },
  'backfill-failed': {
    options: () => ({
      stubs: {
        test: ({ build }) => {
          if (build.day === DAY) throw final('TestFailed', 'Test no_empty_country found 3 rows that must not exist.');
          return { passed: 2, warned: [] };
        },
      },
    }),
    run: runBackfill,
  },
  'backfill-cancelled': {
    options: () => ({ stubs: { normalize: untilCancelled } }),
    run: async (night) => {
      const handle = await night.startBackfill(RANGE);
      await until(() => night.verbs().includes('normalize'));
      await handle.signal('pause');
      await handle.cancel();
      return ended(handle);
    },
  },
  'backfill-continued': {
    options: (night) => ({
      stubs: {
        outline: ({ start, end }) => ({
          project: night().project,
          days: daysBetween(start, end),
          looksBack: 0,
          daysPerRun: 2,
        }),
      },
    }),
    run: async (night) => firstRunOf(night, await night.startBackfill(RANGE)),
  },
  // The second run of a range, which also comes to the later days.
  'backfill-in-its-second-run': {
    options: (night) => ({
      stubs: {
        outline: ({ start, end, which }) => ({
          project: night().project,
          days: which === 'all' ? daysBetween(start, end) : ['2026-11-12'],
          looksBack: 1,
          daysPerRun: 2,
        }),
      },
    }),
    run: async (night) => lastRunOf(night, await night.startBackfill(RANGE)),
  },
  'backfill-overtaken': {
    options: (night) => {
      const { opened, open } = gate();
      return {
        stubs: {
          list: ({ day }) => {
            const looks = night()
              .verbs()
              .filter((verb) => verb === 'list').length;
            if (looks === RANGE_DAYS) open();
            const first = day === RANGE.start || looks > RANGE_DAYS;
            return { ...LISTED, ...(first ? {} : UNCHANGED), build: { ...LISTED.build, day } };
          },
          normalize: () => opened.then(() => ONE_LINE),
          publish: ({ tables }) => ({
            tables: tables.map(({ table }) => ({ table, rows: 1 })),
            burstMs: 1,
            touched: { first: RANGE.start, last: RANGE.end, days: RANGE_DAYS },
          }),
        },
      };
    },
    run: async (night) => ended(await night.startBackfill(RANGE)),
  },
  'backfill-paused-and-resumed': {
    options: (night) => ({
      stubs: {
        normalize: async () => {
          await until(async () => (await progressOf(night())).concurrency === 2);
          return ONE_LINE;
        },
      },
    }),
    run: async (night) => {
      const handle = await night.startBackfill({ ...RANGE, concurrency: 1 });
      await until(() => night.verbs().includes('normalize'));
      await handle.signal('pause');
      await handle.signal('concurrency', 2);
      await handle.signal('concurrency', 'many');
      await handle.signal('resume');
      return ended(handle);
    },
  },
};
