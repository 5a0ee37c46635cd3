import type { ClickHouse } from '../client.js';
import type { Statement } from '../statement.js';
import { createDatabase } from '../tables.js';
import { name } from '../text.js';

/** Quoted texts and comments, in which nothing is an engine; or the engine of a CREATE TABLE that is not replicated. */
const QUOTED_OR_ENGINE =
  /'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|"(?:[^"\\]|\\.)*"|--[^\n]*|\/\*[\s\S]*?\*\/|\b(ENGINE\s*=?\s*)(?!Replicated)(\w*MergeTree)\b/gi;

/** Where the engine of a replicated table keeps its state if the CREATE TABLE named no path: filled in by ClickHouse. */
const DEFAULT_PATH = String.raw`'[^']*\{uuid\}[^']*', '[^']*'`;
/** ClickHouse Cloud makes every MergeTree a SharedMergeTree. */
const REPLICATED = new RegExp(String.raw`\b(?:Replicated|Shared)(\w*MergeTree)\(${DEFAULT_PATH}(?:, |(\)))`, 'g');

/** Makes a CREATE TABLE one of a replicated table: `MergeTree` becomes `ReplicatedMergeTree`, for which ClickHouse fills in the path. */
export const replicatedCreate = (create: string): string =>
  create.replaceAll(QUOTED_OR_ENGINE, (found, before?: string, engine?: string) =>
    before === undefined || engine === undefined ? found : `${before}Replicated${engine}`,
  );

/**
 * Writes the engine of a replicated table as that of a plain one: equal texts mean tables that hold the same. An engine with a path
 * of its own stays as it is, because it was named by hand.
 */
export const plainEngine = (text: string): string =>
  text.replaceAll(REPLICATED, (_, engine: string, end?: string) => (end === undefined ? `${engine}(` : engine));

/** Settings under which a table that names no engine is replicated, too. */
export const REPLICATED_BY_DEFAULT = { default_table_engine: 'ReplicatedMergeTree' };

/**
 * Creates a database that exists on every node of a cluster, on this node; a single server has a plain one. It has to be created on
 * each node.
 */
export const createSharedDatabase = ({ cluster }: Pick<ClickHouse, 'cluster'>, database: string): Statement =>
  cluster === undefined
    ? createDatabase(database)
    : { sql: `CREATE DATABASE IF NOT EXISTS ${name(database)} ENGINE = ${cluster.databaseEngine}` };
