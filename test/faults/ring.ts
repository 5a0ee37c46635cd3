import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { startDay } from '../../src/cli/common/start.js';
import { waitUntilReady } from '../../src/local/readiness.js';
import type { Stack } from '../../src/local/stack-file.js';
import type { DayResult } from '../../src/shared/workflows.js';
import type { Disk } from './disk.js';
import { differences, endedOf, type Ended } from './ended.js';
import { armCut, armFullDisk, armOutOfMemory } from './engine.js';
import { armKill } from './kills.js';
import { armObject } from './objects.js';
import type { Fault, Scenario, Trouble } from './plan.js';
import { DAY, EARLIER, lateOf, MOVING, objectsOf, putAll, REWRITTEN } from './project.js';
import { armStore } from './store.js';
import type { Strike } from './strike.js';
import { openWorld, type World } from './world.js';

/** A day that has not ended after this long is lost, in milliseconds. */
const LONGEST_DAY = 180_000;
/** A trouble that has not come so long after the day's end never comes, in milliseconds. */
const LAST_CALL = 3_000;
/** A service that does not answer so long after its death is gone, in milliseconds. */
const BACK_WITHIN = 60_000;

type Objects = 'as listed' | 'rewritten' | 'deleted';

/** Days under faults, each in a project of its own, held to days that ran undisturbed. */
export interface Ring {
  /** What differs from an undisturbed run; empty when all is equal. */
  meet(fault: Fault): Promise<string[]>;
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
      const expected = await reference(scenario, trouble.kind === 'object' ? trouble.what : 'as listed');
      return await inWorld(stack, disk, async (world) => {
        const day = await prepare(world, scenario);
        const faults =
          trouble.kind === 'object'
            ? await failAndRunAgain(world, day, trouble)
            : await endByItself(world, day, trouble);
        return [...faults, ...differences(expected, await endedOf(world.project))];
      });
    },
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
    const day = await prepare(world, scenario);
    if (objects === 'rewritten') await project.put(MOVING, REWRITTEN);
    if (objects === 'deleted') await project.app.store.remove(project.bucket, [MOVING]);
    await project.run(day);
    return await endedOf(project);
  });

/** Prepares the state before the fault. @returns the day that meets it. */
async function prepare({ project }: World, scenario: Scenario): Promise<string> {
  await putAll(project, objectsOf(EARLIER));
  await project.run(EARLIER);
  await putAll(project, scenario === 'first' ? objectsOf(DAY) : lateOf(EARLIER));
  return scenario === 'first' ? DAY : EARLIER;
}

/** The day goes through the trouble without anybody's help. */
async function endByItself(world: World, day: string, trouble: Trouble): Promise<string[]> {
  const { handle, over } = await beginDay(world, day, trouble);
  const result = await resultOf(handle);
  const wrong =
    typeof result === 'string' ? [result] : result.outcome === 'published' ? [] : [`ended ${result.outcome}`];
  return [...wrong, ...(await over())];
}

/** The day must fail and name the object, leaving readers what they have; the next night must make it good. */
async function failAndRunAgain(world: World, day: string, trouble: Trouble): Promise<string[]> {
  const { project } = world;
  const before = await endedOf(project);
  const { handle, over } = await beginDay(world, day, trouble);
  const result = await resultOf(handle);
  const wrong =
    typeof result !== 'string'
      ? [`the day was ${result.outcome} although ${MOVING} changed`]
      : result.includes(MOVING)
        ? []
        : [`the failure does not name ${MOVING}: ${result}`];
  const never = await over();
  const half = differences(visible(before), visible(await endedOf(project)));
  await project.run(day);
  return [...wrong, ...never, ...half.map((one) => `after the failure: ${one}`)];
}

/** What readers have, and what says so. */
const visible = (ended: Ended): Ended =>
  Object.fromEntries(
    Object.entries(ended).filter(
      ([part]) => part.startsWith('rows of') || ['published', 'open intents'].includes(part),
    ),
  );

async function beginDay(world: World, day: string, trouble: Trouble) {
  const stop = new AbortController();
  const strike = arm(world, trouble);
  const handle = await startDay(world.project.app, { day, wait: true });
  strike.started?.(handle, stop.signal);
  return {
    handle,
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
      return came ? [] : ['the fault never came'];
    },
  };
}

function arm(world: World, trouble: Trouble): Strike {
  switch (trouble.kind) {
    case 'kill':
      return armKill(world, trouble.victims, trouble.moment);
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

/** How the day ended, or in words why not. The connection may go with the server; the day does not. */
async function resultOf(handle: WorkflowHandle): Promise<DayResult | string> {
  const until = Date.now() + LONGEST_DAY;
  while (Date.now() < until)
    try {
      return (await Promise.race([handle.result(), tooLate(until)])) as DayResult;
    } catch (error) {
      if (error instanceof WorkflowFailedError) return `the day failed: ${error.cause?.message ?? error.message}`;
      await sleep(100);
    }
  await handle.terminate('the ring waits no longer');
  return `the day did not end within ${LONGEST_DAY / 1000} s`;
}

async function tooLate(until: number): Promise<never> {
  await sleep(until - Date.now(), undefined, { ref: false });
  throw new Error('too late');
}
