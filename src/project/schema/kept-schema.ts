import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { engineState, type EngineState } from '../../clickhouse/catalog.js';
import type { ClickHouse } from '../../clickhouse/client.js';
import { ask } from '../../clickhouse/question.js';
import { keptColumn } from '../../conversions/kept-column.js';
import { exactly } from '../../shared/exactly.js';
import { schemaKey } from '../../shared/names.js';
import type { Store } from '../../store/store.js';
import type { Project, Schema, TableSchema } from '../project.js';
import { namedFunctions } from '../sql/functions.js';
import { readSchema } from './schema.js';

/** Raise when the cached fields change, or their meaning, or there are new rules: what older ones passed must be checked again. */
const FORMAT = 2;

/** What ClickHouse says about a project, with the paths of the project's own files instead of their contents. */
interface Kept {
  tables: (Omit<TableSchema, 'file'> & { file: string })[];
  tests: (Omit<Schema['tests'][number], 'file'> & { file: string })[];
}

const kept = exactly<Kept>()(
  z.strictObject({
    tables: z.array(
      z.strictObject({
        name: z.string(),
        kind: z.enum(['raw', 'normalized', 'aggregate']),
        file: z.string(),
        columns: z.array(keptColumn),
        constraints: z.array(z.strictObject({ name: z.string(), expression: z.string() })),
        definition: z.string(),
        selected: z.array(keptColumn),
        inputs: z.array(z.string()),
        level: z.int(),
      }),
    ),
    tests: z.array(z.strictObject({ file: z.string(), inputs: z.array(z.string()) })),
  }),
);

/** Schemas that one process keeps in memory: the current SQL, and earlier edits of it. */
const MOST = 8;

/**
 * Analyzes projects and caches the results in memory and in the project's bucket, under a hash of everything that they depend on:
 * the SQL, the config fields that it is checked with, ClickHouse's version and its user-defined functions. Only schemas without
 * errors are cached. A schema that depends on more than that, for example on a dictionary, is never cached. If the bucket cannot be
 * read or written, the cache is only in memory.
 *
 * The returned function takes the state of ClickHouse as it was seconds ago, if that is known, and `write`: false for commands that
 * must not change the bucket.
 */
export function schemaKeeper(clickhouse: ClickHouse, store: Pick<Store, 'read' | 'write'>) {
  const known = new Map<string, Promise<Schema>>();

  const find = async (project: Project, hash: string, write: boolean): Promise<Schema> => {
    const { bucket, normalized } = project.config.store;
    const key = schemaKey(normalized, project.config.project, hash);
    const text = await store.read(bucket, key).catch(() => undefined);
    const found = text === undefined ? undefined : parsed(text);
    if (found) return withFiles(found, project);
    const schema = await readSchema(project, clickhouse);
    if (write && dependsOnSql(schema))
      await store.write(bucket, key, JSON.stringify(withoutFiles(schema))).catch(() => undefined);
    return schema;
  };

  /**
   * What was read seconds ago finds what this process knows already; nothing is read or cached by it. The definition of a function that
   * the SQL names must be the one with which a build runs, so it is read again.
   */
  const stateOf = async (project: Project, given: EngineState | undefined) => {
    const hash = given && !namesFunctions(project, given) ? schemaHash(project, given) : undefined;
    if (given && hash !== undefined && known.has(hash)) return { hash, state: given };
    const state = await ask(clickhouse, engineState());
    return { hash: schemaHash(project, state), state };
  };

  return async (project: Project, engine: EngineState | undefined, { write }: { write: boolean }): Promise<Schema> => {
    const { hash, state } = await stateOf(project, engine);
    const reading = known.get(hash) ?? find(project, hash, write);
    known.set(hash, reading);
    const oldest = known.keys().next().value;
    if (known.size > MOST && oldest !== undefined) known.delete(oldest);
    try {
      const schema = await reading;
      if (!dependsOnSql(schema)) known.delete(hash);
      return { ...schema, functions: state.definitions };
    } catch (error) {
      known.delete(hash);
      throw error;
    }
  };
}

/** Returns false if the schema can change without the SQL or ClickHouse changing. */
const dependsOnSql = ({ dictionaries }: Schema) => dictionaries.length === 0;

const namesFunctions = ({ normalized, aggregates, tests }: Project, { definitions }: EngineState): boolean =>
  [...normalized, ...aggregates, ...tests].some(({ select }) => namedFunctions(select, definitions) !== undefined);

/** Another version of Daybook may check other rules. */
const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

function schemaHash(
  { config, raw, normalized, aggregates, tests }: Project,
  { version: engineVersion, functions }: EngineState,
): string {
  const { timezone, database, allowFunctions, sources } = config;
  const ruled = Object.entries(sources).map(([name, { dedupeBy, format }]) => [name, dedupeBy, format]);
  const engine = { version: engineVersion, functions };
  const of = { format: FORMAT, version, engine, timezone, database, allowFunctions, sources: ruled };
  const text = JSON.stringify({ ...of, raw, normalized, aggregates, tests });
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

function parsed(text: string): Kept | undefined {
  try {
    return kept.parse(JSON.parse(text));
  } catch {
    // A damaged entry is read again from ClickHouse.
    return undefined;
  }
}

const withoutFiles = ({ tables, tests }: Schema): Kept => ({
  tables: tables.map((table) => ({ ...table, file: table.file.path })),
  tests: tests.map(({ file, inputs }) => ({ file: file.path, inputs })),
});

function withFiles({ tables, tests }: Kept, { raw, normalized, aggregates, tests: testFiles }: Project): Schema {
  const files = new Map([...raw, ...normalized, ...aggregates, ...testFiles].map((file) => [file.path, file]));
  const fileOf = (path: string) => {
    const file = files.get(path);
    if (!file) throw new RangeError(`the project has no file ${path}`);
    return file;
  };
  return {
    tables: tables.map((table) => ({ ...table, file: fileOf(table.file) })),
    tests: tests.map(({ file, inputs }) => ({ file: fileOf(file), inputs })),
    dictionaries: [],
    functions: {},
  };
}
