import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { WorkflowHandle } from '@temporalio/client';
import { startBackfill } from '../../src/cli/backfill/start.js';
import { addDays, daysBetween } from '../../src/shared/day.js';
import type { BackfillProgress, BackfillResult } from '../../src/shared/workflows.js';
import type { DayProject, DayState } from '../support/day.js';
import { openProxy } from '../support/fault-proxy.js';
import type { Hosts, Range } from './hosts.js';

const FIRST = '2026-01-01';
const CONCURRENCY = 4;
/** Between two looks at a backfill, in milliseconds. */
const LOOK = 100;

/** A way in which workers of two versions build a range of days. Returns what was wrong in it. */
type Way = (hosts: Hosts, project: DayProject, range: Range) => Promise<string[]>;

const WAYS: Readonly<Record<string, Way>> = {
  'the old version alone': async (hosts, project, range) => {
    await hosts.start(project, 'old');
    return failures(await project.backfill({ ...range, concurrency: CONCURRENCY }));
  },

  'side by side, each killed and started again': async (hosts, project, range) => {
    await hosts.start(project, 'old');
    await hosts.start(project, 'new');
    const handle = await startBackfill(project.app, { ...range, concurrency: CONCURRENCY });
    for (const [index, version] of (['new', 'old', 'new'] as const).entries()) {
      await doneIs(handle, (daysOf(range) * (index + 1)) / 5);
      await hosts.kill(version);
      await hosts.start(project, version);
    }
    return failures(await handle.result());
  },

  'one host after the other gets the new version': async (hosts, project, range) => {
    await hosts.start(project, 'old');
    await hosts.start(project, 'old');
    await firstDays(project, range);
    const handle = await startBackfill(project.app, { ...range, concurrency: CONCURRENCY });
    for (const share of [1 / 4, 1 / 2]) {
      await doneIs(handle, daysOf(range) * share);
      await hosts.stop('old');
      await hosts.start(project, 'new');
    }
    return failures(await handle.result());
  },

  'begun by the new version while the old one polls, which is then alone for a while': async (
    hosts,
    project,
    range,
  ) => {
    await hosts.start(project, 'new');
    await firstDays(project, range);
    await hosts.end();
    const proxy = await openProxy(hosts.clickhouseUrl);
    try {
      await hosts.start(project, 'new', { CLICKHOUSE_URL: proxy.url });
      // The new version has begun the backfill when it asks ClickHouse: only now the old one comes, before anything is planned.
      let joined: Promise<void> | undefined;
      proxy.intercept(({ forward, answer }) => {
        joined ??= hosts.start(project, 'old');
        return joined.then(() => forward()).then(answer);
      });
      const handle = await startBackfill(project.app, { ...range, concurrency: CONCURRENCY });
      await doneIs(handle, daysOf(range) / 2);
      await hosts.kill('new');
      await doneIs(handle, (daysOf(range) * 3) / 4);
      await hosts.start(project, 'new');
      return failures(await handle.result());
    } finally {
      await hosts.end();
      await proxy.close();
    }
  },

  'begun by the new version alone, which is gone for a while, and run again': async (hosts, project, range) => {
    await hosts.start(project, 'new');
    await firstDays(project, range);
    const handle = await startBackfill(project.app, { ...range, concurrency: CONCURRENCY });
    await doneIs(handle, daysOf(range) / 2);
    await hosts.kill('new');
    await hosts.start(project, 'old');
    // The old version can't continue it, because days that are up to date were left out: it waits for the new one.
    await taskFails(handle);
    await hosts.stop('old');
    await hosts.start(project, 'new');
    // Days of many objects that were planned already have failed on the old version.
    await handle.result();
    return failures(await project.backfill(range));
  },
};

/**
 * Builds the same days in each way, and compares them with those that the new version built alone.
 *
 * @returns what differs, in words.
 */
export async function runTrial(hosts: Hosts, days: number, report: (what: string) => void): Promise<string[]> {
  const range = { start: FIRST, end: addDays(FIRST, days - 1) };
  const expected = await hosts.project(range);
  await hosts.start(expected, 'new');
  await expected.backfill({ ...range, concurrency: CONCURRENCY });
  await hosts.end();
  report('built by the new version alone');
  const wrong: string[] = [];
  for (const [name, build] of Object.entries(WAYS)) {
    const project = await hosts.project(range);
    const found = [...(await build(hosts, project, range)), ...(await differences(project, expected, range))];
    await hosts.end();
    const shares = await hosts.shares(project, range);
    found.push(...(await buildsAgain(hosts, project, range)));
    report(`${name}: ${found.length === 0 ? 'equal' : 'DIFFERS'} (${shares})`);
    wrong.push(...found.map((what) => `${name}: ${what}`));
  }
  return wrong;
}

const daysOf = ({ start, end }: Range): number => daysBetween(start, end).length;

/** Builds the first days, so that they are up to date when the whole range is built. */
const firstDays = (project: DayProject, { start }: Range) => project.backfill({ start, end: addDays(start, 1) });

async function doneIs(handle: WorkflowHandle, least: number): Promise<void> {
  for (;;) {
    const progress = await handle.query<BackfillProgress>('progress').catch(() => undefined);
    if (progress && progress.done >= least) return;
    if ((await handle.describe()).status.name !== 'RUNNING') return;
    await sleep(LOOK);
  }
}

/** Waits until a worker could not continue a workflow. */
async function taskFails(handle: WorkflowHandle): Promise<void> {
  for (;;) {
    const { events } = await handle.fetchHistory();
    if (events?.some((event) => event.workflowTaskFailedEventAttributes)) return;
    if ((await handle.describe()).status.name !== 'RUNNING') return;
    await sleep(LOOK);
  }
}

const failures = (result: unknown): string[] =>
  (result as BackfillResult).failed.map(({ day, reason }) => `${day} failed: ${JSON.stringify(reason)}`);

async function differences(project: DayProject, expected: DayProject, { start, end }: Range): Promise<string[]> {
  const wrong: string[] = [];
  for (const day of daysBetween(start, end)) {
    const [found, right] = [await tablesOf(project, day), await tablesOf(expected, day)];
    if (!isDeepStrictEqual(found, right))
      wrong.push(`${day}: found ${JSON.stringify(found)}, expected ${JSON.stringify(right)}`);
  }
  const open = await project.app.ledger.openIntents(start, end);
  return [...wrong, ...open.map(({ day, table }) => `the publish of ${table} of ${day} is unfinished`)];
}

const tablesOf = async (project: DayProject, day: string): Promise<DayState['tables']> =>
  (await project.state(day)).tables;

/** Both versions find every day up to date, whichever built it. */
async function buildsAgain(hosts: Hosts, project: DayProject, range: Range): Promise<string[]> {
  const wrong: string[] = [];
  for (const version of ['old', 'new'] as const) {
    await hosts.start(project, version);
    const { counts } = await project.backfill(range);
    if (counts.unchanged !== daysOf(range))
      wrong.push(`the ${version} version builds again: ${JSON.stringify(counts)}`);
    await hosts.end();
  }
  return wrong;
}
