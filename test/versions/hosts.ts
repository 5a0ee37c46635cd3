import type { Stack } from '../../src/local/stack-file.js';
import { daysBetween } from '../../src/shared/day.js';
import { grouped } from '../../src/shared/grouped.js';
import { workflowId } from '../../src/shared/names.js';
import { openDays, type DayConfig, type DayProject } from '../support/day.js';
import { SMALL, SMALL_CONFIG } from '../support/lookback.js';
import { keyOf, lines, payment } from '../support/payments.js';
import { startedActivities, startWorkerProcess, type WorkerProcess } from '../support/worker-processes.js';

/** Two versions of the program. */
export type Version = 'old' | 'new';

/** Both ends inclusive. */
export interface Range {
  start: string;
  end: string;
}

/** The hosts on which workers of two versions run, and the projects that they build. */
export interface Hosts {
  clickhouseUrl: string;
  /** Makes a project with objects for each day of a range. */
  project(range: Range): Promise<DayProject>;
  start(project: DayProject, version: Version, changes?: Record<string, string>): Promise<void>;
  /** Ends the oldest worker of a version, once its running steps are done. */
  stop(version: Version): Promise<void>;
  kill(version: Version): Promise<void>;
  /** Ends all workers. */
  end(): Promise<void>;
  /** Says which version did how much of the days. */
  shares(project: DayProject, range: Range): Promise<string>;
  close(): Promise<void>;
}

/** Of every fourth day: more than a plan names by itself. */
const MANY_OBJECTS = 1_001;
const PUT_AT_ONCE = 16;

const CONFIG: DayConfig = {
  ...SMALL_CONFIG,
  timings: { heartbeat: '3 seconds', sticky: '1 second', retryFirst: '100 ms', retryMost: '500 ms' },
  // Chunks of one usual object, or of a hundred small ones.
  sources: { events: { ...SMALL_CONFIG.sources['events'], chunk: { targetBytes: '8 KiB' } } },
};

/** @param launchers paths of the launchers of both versions */
export function openHosts(stack: Stack, launchers: Readonly<Record<Version, string>>): Hosts {
  const opened: DayProject[] = [];
  const versionOf = new Map<string, Version>();
  let running: { version: Version; worker: WorkerProcess }[] = [];
  const take = (version: Version) => {
    const found = running.find((one) => one.version === version);
    running = running.filter((one) => one !== found);
    return found?.worker;
  };
  return {
    clickhouseUrl: stack.clickhouse.url,
    project: async ({ start, end }) => {
      const project = await openDays(stack, SMALL, { ...CONFIG, start }, { worker: false });
      opened.push(project);
      for (const [index, day] of daysBetween(start, end).entries())
        for (const group of grouped([...objectsOf(day, index)], PUT_AT_ONCE))
          await Promise.all(group.map(([key, text]) => project.put(key, text)));
      return project;
    },
    start: async (project, version, changes = {}) => {
      const worker = await startWorkerProcess(stack, project, { launcher: launchers[version], changes });
      running.push({ version, worker });
      versionOf.set(worker.identity, version);
    },
    stop: async (version) => {
      await take(version)?.stop();
    },
    kill: async (version) => {
      await take(version)?.kill();
    },
    end: async () => {
      for (const { worker } of running) await worker.stop();
      running = [];
    },
    shares: async ({ app, name }, { start, end }) => {
      const client = await app.temporal();
      const days = daysBetween(start, end).map((day) => startedActivities(client, workflowId.day(name, day)));
      const activities = (await Promise.all(days)).flat();
      const text = (['old', 'new'] as const).map((version) => {
        const types = activities.filter(({ identity }) => versionOf.get(identity) === version).map(({ type }) => type);
        const count = (type: string) => types.filter((one) => one === type).length;
        return `${version}: ${count('list')} plans, ${count('normalize')} chunks, ${count('publish')} publishes`;
      });
      return text.join('; ');
    },
    close: async () => {
      for (const { worker } of running) await worker.kill();
      for (const project of opened) await project.close();
    },
  };
}

function* objectsOf(day: string, index: number): Generator<[key: string, text: string]> {
  const textOf = (ids: readonly string[]) => lines(...ids.map((id) => payment(day, id, { amount: index + 1 })));
  if (index % 4 === 3)
    for (let object = 0; object < MANY_OBJECTS; object++)
      yield [keyOf(day, String(object)), textOf([`${day} ${object}`])];
  // Ten lines of each object come twice.
  else
    for (const name of ['a', 'b', 'c', 'd'])
      yield [keyOf(day, name), textOf(Array.from({ length: 100 }, (_, line) => `${day} ${name} ${line % 90}`))];
}
