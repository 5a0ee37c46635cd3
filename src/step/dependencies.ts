import type { Client } from '@temporalio/client';
import type { EngineState } from '../clickhouse/catalog.js';
import type { ClickHouse } from '../clickhouse/client.js';
import type { Ledger } from '../ledger/ledger.js';
import type { Project, Schema } from '../project/project.js';
import type { Store } from '../store/store.js';
import type { Webhook } from '../webhook.js';

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
  /** What the engine makes of the folder's SQL; asks the engine how it is where that is not given. */
  readSchema(project: Project, engine?: EngineState): Promise<Schema>;
}
