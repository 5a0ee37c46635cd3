import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const port = z.int().min(1).max(65_535);
const pid = z.int().positive();

const login = z.strictObject({ user: z.string(), password: z.string() });

/** One process of the stack; its pid changes when the supervisor restarts it, its port never does. */
const stackProcess = z.strictObject({ name: z.string(), pid, port });
export type StackProcess = z.infer<typeof stackProcess>;

/** The content of `stack.json`: addresses and processes of a running local stack. */
export const stackSchema = z.strictObject({
  format: z.literal(1),
  supervisor: z.strictObject({ pid }),
  /** Absolute path of the folder with the stack's data, logs and this file. */
  dir: z.string(),
  temporal: z.strictObject({ address: z.string(), uiUrl: z.string(), namespace: z.string() }),
  clickhouse: login.extend({
    url: z.string(),
    /** Host and port of ClickHouse's own protocol, for `clickhouse client` and drivers. */
    nativeAddress: z.string(),
    /** May read what projects publish, and nothing else. */
    reader: login,
    /** For people, and for tests that cause faults. Daybook never uses it. */
    admin: login,
  }),
  s3: z.strictObject({
    endpoint: z.string(),
    region: z.string(),
    accessKeyId: z.string(),
    secretAccessKey: z.string(),
    /** `fauxqs` keeps objects in memory: they are lost when its process exits. */
    kind: z.enum(['versitygw', 'fauxqs']),
  }),
  processes: z.array(stackProcess),
});
export type Stack = z.infer<typeof stackSchema>;

/** Returns the path of `stack.json` in `dir`; the file exists as long as the supervisor runs. */
export const stackFile = (dir: string): string => join(dir, 'stack.json');

/** Reads the stack recorded in `dir`, undefined if there is none. Throws if another version wrote the file. */
export async function readStack(dir: string): Promise<Stack | undefined> {
  const path = stackFile(dir);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const parsed = stackSchema.safeParse(parseJson(text), { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new Error(
    `${path} is not a stack file of format 1 (${z.prettifyError(parsed.error).replaceAll('\n', ' ')}). ` +
      'If no local stack of another Daybook version is running there, delete the file.',
  );
}

/** Replaces the file atomically; only its owner may read it, because it holds the store's secret. */
export async function writeStack(stack: Stack): Promise<void> {
  const path = stackFile(stack.dir);
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, JSON.stringify(stack, null, 2) + '\n', { mode: 0o600 });
  await rename(temporary, path);
}

export const removeStack = (dir: string): Promise<void> => rm(stackFile(dir), { force: true });

/** Returns the environment variables with which Daybook and other clients connect to this stack. */
export const stackVariables = (stack: Stack): Record<string, string> => ({
  TEMPORAL_ADDRESS: stack.temporal.address,
  TEMPORAL_NAMESPACE: stack.temporal.namespace,
  CLICKHOUSE_URL: stack.clickhouse.url,
  CLICKHOUSE_USER: stack.clickhouse.user,
  CLICKHOUSE_PASSWORD: stack.clickhouse.password,
  AWS_ENDPOINT_URL_S3: stack.s3.endpoint,
  AWS_REGION: stack.s3.region,
  AWS_ACCESS_KEY_ID: stack.s3.accessKeyId,
  AWS_SECRET_ACCESS_KEY: stack.s3.secretAccessKey,
  DAYBOOK_LOCAL_STACK: '1',
});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
