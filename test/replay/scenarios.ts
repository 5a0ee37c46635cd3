import type { WorkflowHandle } from '@temporalio/client';
import { final } from '../../src/errors.js';
import { LISTED } from '../support/stubs.js';
import { gate, until, untilCancelled, type StubbedNight, type StubbedNightOptions } from '../support/workflows.js';

/** A story that a workflow may go through; its history is kept and replayed. */
export interface Scenario {
  options(night: () => StubbedNight): StubbedNightOptions;
  /** Runs it to its end, good or bad. */
  run(night: StubbedNight): Promise<WorkflowHandle>;
}

const DAY = '2026-11-10';
const UNCHANGED = { outcome: 'unchanged', todo: 0 } as const;

const ended = async (handle: WorkflowHandle) => {
  await handle.result().catch(() => undefined);
  return handle;
};

const runDay = async (night: StubbedNight) => ended(await night.startDay({ day: DAY }));

export const SCENARIOS: Record<string, Scenario> = {
  'day-published': { options: () => ({}), run: runDay },
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
        survey: () => ({ project: night().project, day: DAY, late: ['2026-11-08', '2026-11-09'] }),
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
          attend: () => {
            open();
            return { outcome: 'unchanged' };
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
};
