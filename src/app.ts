import { join, resolve } from 'node:path';
import type { Client } from '@temporalio/client';
import { engineState } from './clickhouse/catalog.js';
import { connectClickHouse, type ClickHouse } from './clickhouse/client.js';
import { ask } from './clickhouse/question.js';
import type { Env } from './env.js';
import { openLedger, type Ledger } from './ledger/ledger.js';
import { loadProject } from './project/load.js';
import type { Project } from './project/project.js';
import type { schemaKeeper as SchemaKeeper } from './project/schema/kept-schema.js';
import type { Dependencies } from './step/dependencies.js';
import { connectStore, type Store } from './store/store.js';

/** The three services that an environment names. */
export interface Services {
  clickhouse: ClickHouse;
  store: Store;
  /** Connects on the first call, with a timeout in milliseconds. */
  temporal: (within?: number) => Promise<Client>;
  close: () => Promise<void>;
}

/** A project with all services that it uses. The worker and every command are built on this. */
export interface App extends Services {
  env: Env;
  /** The project as it was when the app was opened; activities read it again. */
  project: Project;
  ledger: Ledger;
  dependencies: Dependencies;
}

/** Connects to Temporal. Loads the client only now: that takes longer than most commands, and many need no Temporal. */
async function connected(env: Env, within: number | undefined): Promise<Client> {
  const { connectTemporal } = await import('./temporal/client.js');
  return await connectTemporal(env.temporal, within);
}

/** Creates the gateways of all services, the only place that does. Sends no request yet. */
export function openServices(env: Env): Services {
  const clickhouse = connectClickHouse(env.clickhouse);
  const store = connectStore(env.s3);
  let client: Promise<Client> | undefined;
  return {
    clickhouse,
    store,
    temporal: (within) => (client ??= connected(env, within)),
    close: async () => {
      store.close();
      await clickhouse.close();
      await (await client?.catch(() => undefined))?.connection.close();
    },
  };
}

/** Opens the project in `dir`. Throws a final BadConfig with all problems if the folder is not a valid project. */
export async function openApp(env: Env, dir: string): Promise<App> {
  const folder = resolve(dir);
  const load = () => loadProject(folder, join(env.local.cacheDir, 'configs'));
  const project = await load();
  const services = openServices(env);
  const { clickhouse, store, temporal } = services;
  const ledger = openLedger(clickhouse, project.config.project);
  let schemas: ReturnType<typeof SchemaKeeper> | undefined;
  return {
    ...services,
    env,
    project,
    ledger,
    dependencies: {
      clickhouse,
      store,
      ledger,
      temporal,
      webhook: async () => {
        // A folder that cannot be read needs an alert too: then the config counts as it was when the app was opened.
        const { config } = await load().catch(() => project);
        const { webhook } = config.alerts;
        if (webhook === undefined) return undefined;
        const { openWebhook } = await import('./webhook.js');
        return openWebhook(webhook.env, env.named(webhook.env));
      },
      loadProject: load,
      readSchema: async (one, engine) => {
        const { schemaKeeper } = await import('./project/schema/kept-schema.js');
        schemas ??= schemaKeeper(clickhouse, store);
        return await schemas(one, engine ?? (await ask(clickhouse, engineState())), { write: engine !== undefined });
      },
    },
  };
}
