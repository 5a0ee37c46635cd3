import { rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, Runtime } from '@temporalio/worker';
import { pino } from 'pino';
import type { App } from '../../src/app.js';
import { startWorker, type RunningWorker } from '../../src/worker.js';
import { temporaryFolder } from './stack.js';

/** One process runs many test files and loads this module for each: what may exist only once is kept on the global object. */
const shared = globalThis as { daybookTestBundle?: Promise<string> };

/** Path of the workflows' bundle, made once a process; also makes Temporal's runtime a quiet one. */
export const testBundle = (): Promise<string> => (shared.daybookTestBundle ??= bundleWorkflows());

/** Starts a quiet worker of the app's project in this process. */
export async function startTestWorker(app: App): Promise<RunningWorker> {
  return await startWorker({ app, log: pino({ level: 'silent' }), bundle: await testBundle() });
}

async function bundleWorkflows(): Promise<string> {
  const logger = new DefaultLogger('ERROR');
  Runtime.install({
    logger,
    telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
    shutdownSignals: [],
  });
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
    logger,
  });
  const folder = await temporaryFolder('workflows');
  const path = join(folder.path, 'bundle.cjs');
  await writeFile(path, code);
  // Vitest ends its processes by a signal.
  process.once('SIGTERM', () => process.exit());
  process.once('exit', () => {
    rmSync(folder.path, { recursive: true, force: true });
  });
  return path;
}
