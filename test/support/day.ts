import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import {
  createActivities,
  createHeavyActivities,
  type Activities,
  type HeavyActivities,
} from '../../activities/index.js';
import type { ListInput } from '../../activities/list/index.js';
import type { PublishInput } from '../../activities/publish/index.js';
import { openApp, type App } from '../../src/app.js';
import { apply } from '../../src/cli/apply/index.js';
import { startBackfill } from '../../src/cli/backfill/start.js';
import { startOrAttachDay } from '../../src/cli/common/start.js';
import type { ClickHouse } from '../../src/clickhouse/client.js';
import { readEnv } from '../../src/env.js';
import type { Stack } from '../../src/local/stack-file.js';
import type { Manifest } from '../../src/plan/manifest.js';
import { toPublish, type BuiltTable } from '../../src/shared/build.js';
import { inputsRead, type Reader } from '../../src/shared/lookback.js';
import { normalizedFolder, taskQueue, workflowId } from '../../src/shared/names.js';
import { plain } from '../../src/shared/sentence.js';
import type {
  BackfillInput,
  BackfillResult,
  DayFailure,
  DayInput,
  DayResult,
  NightlyResult,
} from '../../src/shared/workflows.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import { projectFolder, type ProjectFiles } from './project.js';
import { connectAdmin, testVariables } from './stack.js';
import { startTestWorker } from './worker.js';

/** Fields of a config as a user may write them; loading the project checks them. */
export type DayConfig = Record<string, unknown> & { sources: Record<string, object> };

/** What readers and the ledger have of a day: equal before and after means that nothing was changed. */
export interface DayState {
  tables: { table: string; rows: string; hash: string }[];
  publishes: { table: string; generation: number; events: string[] }[];
}

/** A project of its own, with a database and a bucket of its own, on the stack that the ring shares. */
export interface DayProject {
  app: App;
  name: string;
  database: string;
  bucket: string;
  /** Stores a raw object; text or bytes as they are. */
  put(key: string, body: string | Uint8Array): Promise<void>;
  /** Replaces a file of the project's folder. */
  write(path: string, text: string): Promise<void>;
  /** Changes fields of the config, and of its source `events`. */
  configure(changes: Record<string, unknown>, source?: Record<string, unknown>): Promise<void>;
  /** Runs a day through Temporal. */
  run(day: string, force?: boolean, more?: Partial<DayInput>): Promise<DayResult & { notes: string[] }>;
  /** Runs a night by hand, as if the schedule had started it for this day. */
  night(day: string): Promise<NightlyResult>;
  backfill(input: BackfillInput): Promise<BackfillResult>;
  /** Runs a day that must fail, and answers the failure that people read; `cause` is the type of what failed the step. */
  fail(
    day: string,
    force?: boolean,
    more?: Partial<DayInput>,
  ): Promise<{ message: string; step: string; type: string; cause: string }>;
  /** With every right: for what tests look at, and what they break. The project itself has production's grants. */
  admin: ClickHouse;
  /** Rows of a query in the project's database, with every right. */
  rows<Row>(sql: string, params?: Record<string, unknown>): Promise<Row[]>;
  state(day: string): Promise<DayState>;
  /** Manifests of a folder, by their key. */
  manifests(folder: string, source?: string): Promise<Map<string, Manifest>>;
  /** The real activities, called by hand. */
  attempt(options?: AttemptOptions): Activities & HeavyActivities;
  /** Everything before publish, by hand: answers what publish is called with. */
  build(day: string, options?: AttemptOptions & Partial<ListInput>): Promise<PublishInput>;
  /** Builds and publishes a day by hand. */
  publish(day: string, options?: Partial<ListInput>): Promise<void>;
  close(): Promise<void>;
}

/** Which attempt of which activity a call by hand is, and what of the world it sees otherwise than it is. */
export interface AttemptOptions {
  attempt?: number;
  activityId?: string;
  world?: Partial<Dependencies>;
}

let projects = 0;

/**
 * Makes and applies a project from files and a config, in which project, database and bucket are replaced by fresh names; starts
 * its worker in this process unless `worker` says otherwise.
 */
export async function openDays(
  stack: Stack,
  files: ProjectFiles,
  config: DayConfig,
  options: { worker?: boolean } = {},
): Promise<DayProject> {
  const name = `t${process.pid.toString(36)}x${Date.now().toString(36)}${(projects++).toString(36)}`;
  const bucket = `${name}-data`;
  const full = {
    ...config,
    project: name,
    database: `${name}_live`,
    store: { bucket },
    timings: { retryFirst: '100 ms', retryMost: '500 ms', ...(config['timings'] as object | undefined) },
  };
  const { dir, remove } = await projectFolder({ ...files, 'daybook.config.json': JSON.stringify(full) });
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  };
  await createBucket(stack, bucket);
  const app = await openApp(readEnv(testVariables(stack)), dir);
  await apply(app);
  const worker = options.worker === false ? undefined : await startTestWorker(app);
  const admin = connectAdmin(stack);
  const { store, dependencies } = app;
  const { database } = app.project.config;

  const project: DayProject = {
    app,
    name,
    database,
    bucket,
    put: async (key, body) => {
      await store.write(bucket, key, body);
    },
    write,
    configure: (changes, source = {}) =>
      write(
        'daybook.config.json',
        JSON.stringify({
          ...full,
          ...changes,
          sources: { ...full.sources, events: { ...full.sources['events'], ...source } },
        }),
      ),
    run: async (day, force = false, more = {}) => {
      const handle = await startOrAttachDay(app, { day, ...(force ? { force } : {}), ...more });
      const result = (await handle.result()) as DayResult;
      return { ...result, notes: result.notes.map(plain) };
    },
    night: async (day) => {
      const client = await app.temporal();
      return (await client.workflow.execute('nightly', {
        workflowId: workflowId.nightly(name),
        taskQueue: taskQueue.light(name),
        args: [{ day }],
      })) as NightlyResult;
    },
    backfill: async (input) => (await (await startBackfill(app, input)).result()) as BackfillResult,
    fail: async (day, force, more) => {
      const result = await project.run(day, force, more).then(
        ({ outcome }) => new Error(`day ${day} ended as ${outcome}, but had to fail`),
        (error: unknown) => error,
      );
      if (!(result instanceof WorkflowFailedError && result.cause instanceof ApplicationFailure)) throw result;
      const [{ step, type: cause }] = result.cause.details as [DayFailure];
      return { message: result.cause.message, step, type: result.cause.type ?? '', cause };
    },
    admin,
    rows: (sql, params) => admin.rows({ sql, ...(params ? { params } : {}) }, { database }),
    state: async (day) => {
      const tables = await admin.rows<{ name: string }>({
        sql: `SELECT name FROM system.tables WHERE database = {database:String} AND NOT startsWith(name, 'raw_') ORDER BY name`,
        params: { database },
      });
      const measured = tables.map(({ name: table }) =>
        project.rows<{ rows: string; hash: string }>(
          `SELECT count() AS rows, sum(cityHash64(tuple(*))) AS hash FROM \`${table}\` WHERE day = {day:Date}`,
          { day },
        ),
      );
      return {
        tables: (await Promise.all(measured)).map(([one], index) => ({
          table: tables[index]?.name ?? '',
          rows: one?.rows ?? '',
          hash: one?.hash ?? '',
        })),
        publishes: await admin.rows({
          sql: `
SELECT table, generation, groupArray(toString(event)) AS events
FROM (SELECT * FROM daybook.publishes WHERE project = {name:String} AND day = {day:Date} ORDER BY at, event)
GROUP BY table, generation ORDER BY generation, table`,
          params: { name, day },
        }),
      };
    },
    manifests: async (folder, source = 'events') => {
      const prefix = normalizedFolder(app.project.config.store.normalized, name, source, folder);
      const keys = (await store.list(bucket, prefix)).map(({ key }) => key).filter((key) => key.endsWith('.json'));
      const texts = await Promise.all(keys.map((key) => store.read(bucket, key)));
      return new Map(keys.map((key, index) => [key, JSON.parse(texts[index] ?? '') as Manifest]));
    },
    attempt: ({ attempt = 1, activityId = 'by-hand', world = {} } = {}) => {
      const environment = new MockActivityEnvironment(
        { attempt, activityId, workflowExecution: byHand(name) },
        { logger: new DefaultLogger('ERROR') },
      );
      const seen = { ...dependencies, ...world };
      const written = { ...createActivities(seen), ...createHeavyActivities(seen) };
      const calls = Object.entries(written).map(([verb, one]) => [
        verb,
        (input: unknown) => environment.run(one as (given: unknown) => Promise<unknown>, input),
      ]);
      return Object.fromEntries(calls) as Activities & HeavyActivities;
    },
    build: (day, { attempt, activityId, world, ...input } = {}) => {
      const options = {
        ...(attempt ? { attempt } : {}),
        ...(activityId ? { activityId } : {}),
        ...(world ? { world } : {}),
      };
      return buildByHand(project.attempt(options), { force: false, ...input, day });
    },
    publish: async (day, options) => {
      await project.attempt().publish(await project.build(day, options));
    },
    close: async () => {
      await worker?.stop();
      const own = await admin.rows<{ name: string }>({
        sql: 'SELECT name FROM system.databases WHERE name = {database:String} OR startsWith(name, {own:String}) OR startsWith(name, {scratch:String})',
        params: { database, own: `daybook_${name}_`, scratch: `daybook_schema_${name}_` },
      });
      for (const one of own) await admin.run({ sql: `DROP DATABASE \`${one.name}\` SYNC` });
      await admin.close();
      await app.close();
      await remove();
    },
  };
  return project;
}

/** The run that activities by hand belong to: a project's own, because a second attempt ends the statements of its run's first. */
export const byHand = (project: string) => ({
  workflowId: `by-hand/${project}`,
  runId: '00000000-0000-0000-0000-000000000000',
});

async function buildByHand(act: Activities & HeavyActivities, input: ListInput): Promise<PublishInput> {
  const { day } = input;
  const { build, todo, tables } = await act.list(input);
  for (let chunk = 0; chunk < todo; chunk++) await act.normalize({ build, chunk });
  const built = new Map<string, BuiltTable>();
  const inputsOf = (reader: Reader) =>
    inputsRead({ ...reader, inputs: reader.inputs.filter((input) => input !== reader.name) }, day, (table, of) =>
      of === day ? built.get(table)?.fingerprint : built.get(table)?.earlier[of],
    );
  for (const table of tables)
    built.set(
      table.name,
      table.kind === 'normalized'
        ? await act.load({ build, table: table.name })
        : await act.refresh({ build, table: table.name, inputs: inputsOf(table) }),
    );
  await act.test({ build });
  return {
    build,
    ...toPublish(
      tables.map(({ name }) => name),
      built,
    ),
  };
}

async function createBucket(stack: Stack, bucket: string): Promise<void> {
  const { endpoint, region, accessKeyId, secretAccessKey } = stack.s3;
  const s3 = new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } });
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  s3.destroy();
}
