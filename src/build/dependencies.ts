import type { Client } from '@temporalio/client';
import { plan as planSchema, type BuildRef, type Plan } from '../core/messages.js';
import { bucketAndKey } from '../core/names.js';
import { final } from '../errors.js';
import type { ClickHouse } from '../io/clickhouse.js';
import type { Ledger } from '../io/ledger.js';
import type { Store } from '../io/s3.js';
import type { Webhook } from '../io/webhook.js';
import type { Project, Schema } from '../project/project.js';
import type { EngineBucket } from '../statements/objects.js';

/** What activities need of the world; built in one place, `src/app.ts`. */
export interface Dependencies {
  clickhouse: ClickHouse;
  store: Store;
  ledger: Ledger;
  /** Connects on the first call; for asking after other workflows. */
  temporal(): Promise<Client>;
  /** Where alerts go; undefined where the project names no webhook. */
  webhook(): Promise<Webhook | undefined>;
  /** Reads the folder afresh: editing it needs no restart of the worker. */
  loadProject(): Promise<Project>;
  /** What the engine makes of the folder's SQL. */
  readSchema(project: Project): Promise<Schema>;
}

/** Plans are named by their content, so one that was read is good for ever. */
const plans = new Map<string, Promise<Plan>>();
const PLANS_KEPT = 8;

/** The plan of a build. Every step but the first takes all that it needs from here, never from the project's folder. */
export function readPlan({ store }: Pick<Dependencies, 'store'>, { plan: url }: BuildRef): Promise<Plan> {
  const known = plans.get(url);
  if (known) return known;
  const reading = read(store, url);
  plans.set(url, reading);
  reading.catch(() => plans.delete(url));
  const oldest = plans.keys().next().value;
  if (plans.size > PLANS_KEPT && oldest !== undefined) plans.delete(oldest);
  return reading;
}

async function read(store: Store, url: string): Promise<Plan> {
  const text = await store.read(...bucketAndKey(url));
  if (text === undefined)
    throw final('ObjectVanished', `The plan ${url} is gone. Run the day again; it is planned anew.`);
  return planSchema.parse(JSON.parse(text));
}

/** How the engine reaches a bucket of the store. */
export async function engineBucket({ store }: Pick<Dependencies, 'store'>, bucket: string): Promise<EngineBucket> {
  return {
    name: bucket,
    url: store.engine.bucketUrl(bucket),
    collection: store.engine.collection,
    credentials:
      store.engine.collection === undefined ? await store.engine.credentials() : { key: '', secret: '', token: '' },
  };
}
