import { z } from 'zod';
import { final } from '../errors.js';
import { fingerprintOf } from '../ledger/fingerprints.js';
import type { BuildRef } from '../shared/build.js';
import { grouped } from '../shared/grouped.js';
import { bucketAndKey, objectUrl, planKey, planPartKey } from '../shared/names.js';
import type { Dependencies } from '../step/dependencies.js';
import { oldestWorker } from '../step/oldest-worker.js';
import type { StoredObject } from '../store/object.js';
import type { Store } from '../store/store.js';
import { chunksToDo } from './cover.js';
import { manifest as manifestSchema, storedObject, type Manifest } from './manifest.js';
import { plan as planSchema, type Plan, type PlannedSource, type WholePlan } from './plan.js';

/** Reads the manifest of a normalized chunk; undefined if there is none (yet). */
export async function readManifest(
  { store }: Dependencies,
  bucket: string,
  key: string,
): Promise<Manifest | undefined> {
  const text = await store.read(bucket, key);
  return text === undefined ? undefined : manifestSchema.parse(JSON.parse(text));
}

/** Cache of plans, which never change: they are named by content. */
const plans = new Map<string, Promise<Plan>>();

const PLANS_KEPT = 8;

/** Reads the plan of a build. Every step after `list` takes what it needs from here, never from the project's folder. */
export function readPlan({ store }: Pick<Dependencies, 'store'>, { plan: url }: BuildRef): Promise<Plan> {
  const known = plans.get(url);
  if (known) return known;
  const reading = fetchPlan(store, url);
  plans.set(url, reading);
  reading.catch(() => plans.delete(url));
  const oldest = plans.keys().next().value;
  if (plans.size > PLANS_KEPT && oldest !== undefined) plans.delete(oldest);
  return reading;
}

async function fetchPlan(store: Store, url: string): Promise<Plan> {
  return planSchema.parse(JSON.parse(await planText(store, ...bucketAndKey(url))));
}

/**
 * Reads the objects of one of the chunks that a build is to normalize: from the plan, or from the part of its own that it has in a plan
 * of many objects.
 *
 * @param position among the plan's chunks to do
 */
export async function readObjects(
  { store }: Pick<Dependencies, 'store'>,
  { plan: url }: BuildRef,
  { objects }: PlannedSource['chunks'][number],
  position: number,
): Promise<StoredObject[]> {
  if (objects) return objects;
  const [bucket, key] = bucketAndKey(url);
  return z.array(storedObject).parse(JSON.parse(await planText(store, bucket, planPartKey(key, position))));
}

async function planText(store: Store, bucket: string, key: string): Promise<string> {
  const text = await store.read(bucket, key);
  if (text === undefined)
    throw final(
      'ObjectVanished',
      `The plan s3://${bucket}/${key} no longer exists. Run the day again, which makes a new plan.`,
    );
  return text;
}

/** Objects that a plan names by itself. Every activity reads the plan, and only one of them reads the objects of a chunk. */
const OBJECTS_NAMED = 1_000;

/** Since these builds, workers read plans in parts, and plans with the history of their day and with functions. */
const [READS_PARTS, READS_HISTORY] = [2, 4];

const WRITTEN_AT_ONCE = 16;

/** A plan as it is stored. */
export interface StoredPlan {
  plan: Plan;
  bucket: string;
  key: string;
  url: string;
}

/**
 * Returns a plan as it is stored: named by its content, and without the objects of its chunks if they are many. While a worker of an
 * earlier version polls, which would fail on that, they are named however many they are, and what that worker does not know is left out.
 */
export async function storedPlan(deps: Pick<Dependencies, 'temporal'>, made: WholePlan): Promise<StoredPlan> {
  const objects = made.sources.flatMap(({ chunks }) => chunks).reduce((sum, chunk) => sum + chunk.objects.length, 0);
  const { history = [], functions, ...most } = made;
  const hasNew = history.length > 0 || functions !== undefined;
  const oldest = objects > OBJECTS_NAMED || hasNew ? await oldestWorker(deps, made.project) : 0;
  const inParts = objects > OBJECTS_NAMED && oldest >= READS_PARTS;
  const old = { ...most, tests: made.tests.map((test) => ({ ...test, functions: undefined })) };
  const whole = hasNew && oldest >= READS_HISTORY ? made : old;
  const plan: Plan = inParts ? { ...whole, sources: made.sources.map(withoutObjects) } : whole;
  const { bucket, prefix } = plan.normalized;
  const key = planKey(prefix, plan.project, plan.day, plan.generation, fingerprintOf(plan));
  return { plan, bucket, key, url: objectUrl(bucket, key) };
}

const withoutObjects = (source: Plan['sources'][number]): Plan['sources'][number] => ({
  ...source,
  chunks: source.chunks.map(({ id, folder, recorded }) => ({ id, folder, recorded })),
});

/**
 * Writes a plan. Where it does not name the objects of its chunks, those of each chunk that is to be normalized are written first, as
 * parts of their own; recorded chunks have them in their manifests.
 */
export async function writePlan(
  { store }: Pick<Dependencies, 'store'>,
  made: WholePlan,
  { plan, bucket, key }: StoredPlan,
): Promise<void> {
  const inParts = plan.sources.some(({ chunks }) => chunks.some(({ objects }) => !objects));
  const todo = inParts ? chunksToDo(made) : [];
  for (const group of grouped([...todo.entries()], WRITTEN_AT_ONCE))
    await Promise.all(
      group.map(([position, { chunk }]) =>
        store.write(bucket, planPartKey(key, position), JSON.stringify(chunk.objects)),
      ),
    );
  await store.write(bucket, key, JSON.stringify(plan));
}
