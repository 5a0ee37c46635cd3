import type { Client } from '@temporalio/client';
import type { EngineState } from '../clickhouse/catalog.js';
import type { ClickHouse } from '../clickhouse/client.js';
import type { Question } from '../clickhouse/question.js';
import type { Ledger } from '../ledger/ledger.js';
import type { Project, Schema } from '../project/project.js';
import type { Store } from '../store/store.js';
import type { Webhook } from '../webhook.js';

/** Everything that activities use outside of themselves; created in one place, `src/app.ts`. */
export interface Dependencies {
  clickhouse: ClickHouse;
  store: Store;
  ledger: Ledger;
  /** Connects on the first call; for queries about other workflows. */
  temporal(): Promise<Client>;
  /** Returns where alerts are sent; undefined if the project has no webhook. */
  webhook(): Promise<Webhook | undefined>;
  /** Reads the folder each time, so that the worker need not be restarted after an edit. The result is shared: it must not be changed. */
  loadProject(): Promise<Project>;
  /** Asks for the state of ClickHouse as it is now, or was seconds ago. */
  engineState(): Question<EngineState>;
  /**
   * Analyzes the project's SQL with ClickHouse, or returns the cached result. A build passes the state of ClickHouse that it has read, and
   * then the result is cached in the bucket; everyone else only reads the cache.
   */
  readSchema(project: Project, engine?: EngineState): Promise<Schema>;
  /** Returns the same for another node of a cluster; absent on a single server. */
  on?(node: ClickHouse): Dependencies;
}
