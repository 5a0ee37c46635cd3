import { final } from '../errors.js';
import type { BuildRef } from '../shared/build.js';
import { bucketAndKey } from '../shared/names.js';
import type { Dependencies } from '../step/dependencies.js';
import type { Store } from '../store/store.js';
import { manifest as manifestSchema, type Manifest } from './manifest.js';
import { plan as planSchema, type Plan } from './plan.js';

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
  const text = await store.read(...bucketAndKey(url));
  if (text === undefined)
    throw final('ObjectVanished', `The plan ${url} no longer exists. Run the day again, which makes a new plan.`);
  return planSchema.parse(JSON.parse(text));
}
