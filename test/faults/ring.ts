import { setTimeout as sleep } from 'node:timers/promises';
import { startBackfill } from '../../src/cli/backfill/start.js';
import { startOrAttachDay } from '../../src/cli/common/start.js';
import { waitUntilReady } from '../../src/local/readiness.js';
import type { Stack } from '../../src/local/stack-file.js';
import type { DayInput } from '../../src/shared/workflows.js';
import type { Disk } from './disk.js';
import { differences, endedOf, type Ended } from './ended.js';
import { armCut, armFullDisk, armOutOfMemory } from './engine.js';
import { armCancel, armKill } from './kills.js';
import { armObject } from './objects.js';
import { CANCELLED, resultOf, runOnce, unlike, type Run } from './outcomes.js';
import { STATEMENTS, type Fault, type Scenario, type StatementName, type Trouble } from './plan.js';
import { isStatement } from './points.js';
import { DAY, EARLIER, LATER, lateOf, MOVING, objectsOf, putAll, REWRITTEN } from './project.js';
import { armStore } from './store.js';
import type { Strike } from './strike.js';
import { openWorld, type World } from './world.js';

/** A trouble that has not come so long after the day's end never comes, in milliseconds. */
const LAST_CALL = 3_000;
/** A service that does not answer so long after its death is gone, in milliseconds. */
const BACK_WITHIN = 60_000;

/** What is said of a fault that did not strike. */
export const NEVER = 'the fault never came';

/** What became of the object that moves, and whether before the day was built or after. */
type Objects = 'as listed' | 'rewritten' | 'deleted' | 'rewritten later' | 'deleted later';

/** Days under faults, each in a project of its own, held to days that ran undisturbed. */
export interface Ring {
  /** What differs from an undisturbed run; empty when all is equal. */
  meet(fault: Fault): Promise<string[]>;
  /**
   * Builds a day, builds it again, rolls it back, and builds the day after it. Returns the statements of the plan that were sent less
   * often than the plan says, with how often: a fault at such a point would never come.
   */
  rare(): Promise<Record<string, number>>;
}

export function openRing(stack: Stack, disk: Disk): Ring {
  const references = new Map<string, Promise<Ended>>();
  const reference = (scenario: Scenario, objects: Objects) => {
    const key = `${scenario}, ${objects}`;
    const known = references.get(key);
    if (known) return known;
    const running = undisturbed(stack, disk, scenario, objects);
    references.set(key, running);
    return running;
  };
  return {
    meet: async ({ scenario, trouble }) => {
      const listed = await reference(scenario, 'as listed');
      const { faults, objects, ended } = await inWorld(stack, disk, async (world) => {
        const run = await prepare(world, scenario);
        return { ...(await meetTrouble(world, run, trouble, listed)), ended: await endedOf(world.project) };
      });
      const expected = await reference(scenario, objects);
      // A run that is cancelled once it has published leaves its stage to the next nightly run.
      if (trouble.kind === 'cancel') ended['stages'] = expected['stages'] ?? [];
      return [...faults, ...differences(expected, ended)];
    },
    rare: () =>
      inWorld(stack, disk, async (world) => {
        const names = Object.keys(STATEMENTS) as StatementName[];
        const sent = new Map(names.map((name) => [name, 0]));
        world.intercept('statements', ({ asked }) => {
          for (const name of names) if (isStatement(name, asked)) sent.set(name, (sent.get(name) ?? 0) + 1);
          return undefined;
        });
        const run = await prepare(world, 'rollback');
        await runOnce(run);
        await putAll(world.project, objectsOf(DAY));
        await world.project.run(DAY);
        return Object.fromEntries([...sent].filter(([name, times]) => times < STATEMENTS[name]));
      }),
  };
}

async function inWorld<T>(stack: Stack, disk: Disk, work: (world: World) => Promise<T>): Promise<T> {
  const world = await openWorld(stack, disk);
  try {
    return await Promise.race([work(world), lossOf(world)]);
  } finally {
    await world.close();
  }
}

const lossOf = ({ lost }: World): Promise<never> =>
  new Promise((_, reject) => {
    lost.addEventListener('abort', () => {
      reject(lost.reason as Error);
    });
  });

const undisturbed = (stack: Stack, disk: Disk, scenario: Scenario, objects: Objects): Promise<Ended> =>
  inWorld(stack, disk, async (world) => {
    const { project } = world;
    const run = await prepare(world, scenario);
    const build = async () => {
      await Promise.all((await run.start()).map((handle) => handle.result()));
    };
    if (objects.endsWith('later')) await build();
    if (objects.startsWith('rewritten')) await project.put(MOVING, REWRITTEN);
    if (objects.startsWith('deleted')) await project.app.store.remove(project.bucket, [MOVING]);
    await build();
    return await endedOf(project);
  });

/** Backfills are wider than they are long: all of their days run at once. */
const WIDE = 20;

/** Puts everything in place that is there before the trouble. */
async function prepare({ project }: World, scenario: Scenario): Promise<Run> {
  const day = (input: DayInput) => async () => [await startOrAttachDay(project.app, input)];
  await putAll(project, objectsOf(EARLIER));
  await project.run(EARLIER);
  switch (scenario) {
    case 'first':
      await putAll(project, objectsOf(DAY));
      return { start: day({ day: DAY, wait: true }), outcome: 'published', repeats: false };
    case 'again':
      await putAll(project, lateOf(EARLIER));
      return { start: day({ day: EARLIER, wait: true }), outcome: 'published', repeats: false };
    case 'rollback':
      await putAll(project, lateOf(EARLIER));
      await project.run(EARLIER);
      return {
        start: day({ day: EARLIER, rollback: true, generation: 1 }),
        outcome: 'rolled-back',
        repeats: true,
      };
    case 'overlap':
      for (const of of [DAY, LATER]) await putAll(project, objectsOf(of));
      return {
        start: async () => [
          await startBackfill(project.app, { start: EARLIER, end: LATER, concurrency: WIDE }),
          await startBackfill(project.app, { start: DAY, end: LATER, concurrency: WIDE }),
        ],
        outcome: 'published',
        repeats: false,
      };
  }
}

/** How a run met its trouble: what was wrong, and which undisturbed run it must equal. */
interface Met {
  faults: string[];
  objects: Objects;
}

async function meetTrouble(world: World, run: Run, trouble: Trouble, listed: Ended): Promise<Met> {
  if (trouble.kind === 'object') return await moveAndRunAgain(world, run, trouble, listed);
  const wrong = await (trouble.kind === 'cancel'
    ? cancelAndRunAgain(world, run, trouble)
    : endByItself(world, run, trouble));
  if (!run.repeats) return { faults: wrong, objects: 'as listed' };
  const before = await endedOf(world.project);
  const again = await runOnce(run);
  const changed = differences(before, await endedOf(world.project));
  return { faults: [...wrong, ...again, ...changed.map((one) => `repeated: ${one}`)], objects: 'as listed' };
}

/** The run goes through the trouble without anybody's help. */
async function endByItself(world: World, run: Run, trouble: Trouble): Promise<string[]> {
  const { handles, over } = await begin(world, run, trouble);
  const results = await Promise.all(handles.map(resultOf));
  return [...results.flatMap((result) => unlike(run, result)), ...(await over())];
}

/** A cancelled run is reported as what it became: done, or with everything as it was before. Then it is started again. */
async function cancelAndRunAgain(world: World, run: Run, trouble: Trouble): Promise<string[]> {
  const { project } = world;
  const before = await endedOf(project);
  const { handles, over } = await begin(world, run, trouble);
  const results = await Promise.all(handles.map(resultOf));
  const never = await over();
  if (results.every((result) => unlike(run, result).length === 0)) return never;
  const reported = results.flatMap((result) => (result === CANCELLED ? [] : unlike(run, result)));
  const half = differences(visible(before), visible(await endedOf(project)));
  return [...reported, ...never, ...half.map((one) => `reported as cancelled: ${one}`), ...(await runOnce(run))];
}

/**
 * An object moves. Before it was read, the day must fail, name it, and leave readers what they have. Once it was read, the day may
 * also be published, exactly as it was listed. In both cases the next run must bring what is there now.
 */
async function moveAndRunAgain(
  world: World,
  run: Run,
  trouble: Extract<Trouble, { kind: 'object' }>,
  listed: Ended,
): Promise<Met> {
  const { project } = world;
  const before = await endedOf(project);
  const { handles, over } = await begin(world, run, trouble);
  const [result = 'nothing was started'] = await Promise.all(handles.map(resultOf));
  const never = await over();
  const published = typeof result !== 'string';
  const wrong = published
    ? [
        ...unlike(run, result),
        ...(trouble.phase === 'before' ? [`the day was published although ${MOVING} changed`] : []),
      ]
    : result.includes(MOVING)
      ? []
      : [`the failure does not name ${MOVING}: ${result}`];
  const half = differences(visible(published ? listed : before), visible(await endedOf(project)));
  const again = await runOnce(run);
  const faults = [...wrong, ...never, ...half.map((one) => `after it moved: ${one}`), ...(published ? [] : again)];
  return { faults, objects: published ? `${trouble.what} later` : trouble.what };
}

/** What readers have, and what says so. */
const visible = (ended: Ended): Ended =>
  Object.fromEntries(
    Object.entries(ended).filter(
      ([part]) => part.startsWith('rows of') || ['published', 'open intents'].includes(part),
    ),
  );

async function begin(world: World, run: Run, trouble: Trouble) {
  const stop = new AbortController();
  const strike = arm(world, trouble);
  const handles = await run.start();
  // Where there are several, the trouble follows the last.
  for (const handle of handles.slice(-1)) strike.started?.(handle, stop.signal);
  return {
    handles,
    /** Waits for the end of the trouble and for the services that it hit. */
    over: async (): Promise<string[]> => {
      const came = await Promise.race([strike.over.then(() => true), sleep(LAST_CALL, false)]);
      stop.abort();
      world.calm();
      await world.disk.free();
      await waitUntilReady(world.stack, ['temporal', 'clickhouse', 's3'], {
        timeoutMs: BACK_WITHIN,
        signal: new AbortController().signal,
        onReady: () => undefined,
      });
      return came ? [] : [NEVER];
    },
  };
}

function arm(world: World, trouble: Trouble): Strike {
  switch (trouble.kind) {
    case 'kill':
      return armKill(world, trouble.victims, trouble.moment);
    case 'cancel':
      return armCancel(world, trouble.moment);
    case 'store':
      return armStore(world, trouble.what, trouble.point, trouble.ms);
    case 'full disk':
      return armFullDisk(world, trouble.point, trouble.ms);
    case 'out of memory':
      return armOutOfMemory(world, trouble.point);
    case 'cut':
      return armCut(world, trouble.point, trouble.lateMs);
    case 'object':
      return armObject(world, trouble.what, trouble.phase);
  }
}
