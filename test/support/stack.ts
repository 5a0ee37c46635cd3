import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectClickHouse, type ClickHouse } from '../../src/clickhouse/client.js';
import { processVariables, readEnv } from '../../src/env.js';
import type { ServiceName } from '../../src/local/processes/children.js';
import { stackVariables, type Stack } from '../../src/local/stack-file.js';
import { startStack } from '../../src/local/stack.js';

export interface TestStack {
  stack: Stack;
  /** Everything that a Daybook process under test gets as its environment; nothing of the developer's shell. */
  variables: Record<string, string>;
  /** Ends the stack and removes its folder. */
  stop: () => Promise<void>;
}

/** A fresh folder that `remove` deletes again. */
export async function temporaryFolder(name: string): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), `daybook-${name}-`));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** Starts a stack of its own in a fresh folder. What takes long (a first build) is shown on stderr. */
export async function startTestStack(only?: readonly ServiceName[]): Promise<TestStack> {
  const folder = await temporaryFolder('stack');
  let shown = 0;
  try {
    const { stack, stop } = await startStack({
      dir: folder.path,
      env: readEnv(processVariables()),
      ...(only ? { only } : {}),
      onProgress: (text) => {
        if (Date.now() - shown < 15_000) return;
        shown = Date.now();
        process.stderr.write(`${text}\n`);
      },
    });
    const end = async () => {
      await stop();
      await folder.remove();
    };
    return { stack, variables: testVariables(stack), stop: end };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

/** Connects as the stack's administrator, to the first node of a cluster: for looks and damage by hand, which Daybook's own rights don't reach. */
export const connectAdmin = ({ clickhouse: { url, admin } }: Stack): ClickHouse =>
  connectClickHouse({ url: url.split(',')[0] ?? url, ...admin });

/** The environment, made from nothing, of a process that works against the stack. */
export const testVariables = (stack: Stack): Record<string, string> => ({
  PATH: processVariables()['PATH'] ?? '/usr/bin:/bin',
  HOME: join(stack.dir, 'home'),
  LANG: 'C.UTF-8',
  ...stackVariables(stack),
});
