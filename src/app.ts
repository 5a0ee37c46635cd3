import { resolve } from 'node:path';
import type { Client } from '@temporalio/client';
import { connectClickHouse, type ClickHouse } from './clickhouse/client.js';
import type { Env } from './env.js';
import { openLedger, type Ledger } from './ledger/ledger.js';
import { loadProject } from './project/load.js';
import type { Project } from './project/project.js';
import { readSchema } from './project/schema/schema.js';
import type { Dependencies } from './step/dependencies.js';
import { connectStore, type Store } from './store/store.js';
import { connectTemporal } from './temporal/client.js';
import { openWebhook } from './webhook.js';

/** The three services that an environment names. */
export interface Services {
  clickhouse: ClickHouse;
  store: Store;
  /** Connects on the first call, within so many milliseconds. */
  temporal: (within?: number) => Promise<Client>;
  close: () => Promise<void>;
}

/** A project with everything it talks to. The worker and every command are made of this. */
export interface App extends Services {
  env: Env;
  /** The project as it was when the app was opened; activities read it afresh. */
  project: Project;
  ledger: Ledger;
  dependencies: Dependencies;
}

/** Connects to the services; nothing else builds a gateway. None of them is spoken to yet. */
export function openServices(env: Env): Services {
  const clickhouse = connectClickHouse(env.clickhouse);
  const store = connectStore(env.s3);
  let client: Promise<Client> | undefined;
  return {
    clickhouse,
    store,
    temporal: (within) => (client ??= connectTemporal(env.temporal, within)),
    close: async () => {
      store.close();
      await clickhouse.close();
      await (await client?.catch(() => undefined))?.connection.close();
    },
  };
}

/** Opens the project in `dir`. Throws a final BadConfig with all problems where the folder is not one. */
export async function openApp(env: Env, dir: string): Promise<App> {
  const folder = resolve(dir);
  const project = await loadProject(folder);
  const services = openServices(env);
  const { clickhouse, store, temporal } = services;
  const ledger = openLedger(clickhouse, project.config.project);
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
        // A folder that cannot be read is worth an alert, too: then the config counts as it was when the app was opened.
        const { config } = await loadProject(folder).catch(() => project);
        const { webhook } = config.alerts;
        return webhook && openWebhook(webhook.env, env.named(webhook.env));
      },
      loadProject: () => loadProject(folder),
      readSchema: (one) => readSchema(one, clickhouse),
    },
  };
}
