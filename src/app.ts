import { join, resolve } from 'node:path';
import type { Client } from '@temporalio/client';
import { engineStateKept } from './clickhouse/catalog.js';
import type { ClickHouse } from './clickhouse/client.js';
import { connectNodes, firstAnswering, type ClickHouseConfig } from './clickhouse/cluster/nodes.js';
import type { Env } from './env.js';
import { openLedger, type Ledger } from './ledger/ledger.js';
import { keepLast } from './project/kept.js';
import { loadProject } from './project/load.js';
import type { Project } from './project/project.js';
import type { schemaKeeper as SchemaKeeper } from './project/schema/kept-schema.js';
import type { Dependencies } from './step/dependencies.js';
import { connectStore, type Store } from './store/store.js';

/** The three services that an environment names. */
export interface Services {
  clickhouse: ClickHouse;
  /** Of a single server that one alone. */
  nodes: readonly [ClickHouse, ...ClickHouse[]];
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
  return await connectTemporal(env.temporal, within, env.clickhouse.chosen);
}

/**
 * Creates the gateways of all services, the only place that does. Sends no request yet.
 *
 * @param config of the project, about ClickHouse
 */
export function openServices(env: Env, config?: ClickHouseConfig): Services {
  const nodes = connectNodes(env.clickhouse, config);
  const store = connectStore(env.s3);
  let client: Promise<Client> | undefined;
  return {
    clickhouse: nodes[0],
    nodes,
    store,
    temporal: (within) => (client ??= connected(env, within)),
    close: async () => {
      store.close();
      for (const node of nodes) await node.close();
      await (await client?.catch(() => undefined))?.connection.close();
    },
  };
}

/** Opens the project in `dir`. Throws a final BadConfig with all problems if the folder is not a valid project. */
export async function openApp(env: Env, dir: string): Promise<App> {
  const folder = resolve(dir);
  const kept = keepLast();
  const load = () => loadProject(folder, join(env.local.cacheDir, 'configs'), kept);
  const project = await load();
  const services = openServices(env, project.config.clickhouse);
  const { nodes, store, temporal } = services;
  const clickhouse = nodes.length === 1 ? nodes[0] : await firstAnswering(nodes);
  const dependenciesOn = (node: ClickHouse): Dependencies => {
    const ledger = openLedger(node, project.config.project);
    let schemas: ReturnType<typeof SchemaKeeper> | undefined;
    return {
      clickhouse: node,
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
      engineState: engineStateKept(),
      readSchema: async (one, engine) => {
        const { schemaKeeper } = await import('./project/schema/kept-schema.js');
        schemas ??= schemaKeeper(node, store);
        return await schemas(one, engine, { write: engine !== undefined });
      },
      ...(node.cluster ? { on: dependenciesOf } : {}),
    };
  };
  const known = new Map<ClickHouse, Dependencies>();
  const dependenciesOf = (node: ClickHouse): Dependencies => {
    const found = known.get(node) ?? dependenciesOn(node);
    known.set(node, found);
    return found;
  };
  const dependencies = dependenciesOf(clickhouse);
  return { ...services, clickhouse, env, project, ledger: dependencies.ledger, dependencies };
}
