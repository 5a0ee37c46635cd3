import { existsSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, type WorkerOptions } from '@temporalio/worker';

declare global {
  interface ImportMeta {
    /** Folder of this build, if a clone was compiled at startup; see bin/compile.js. */
    readonly build?: string;
  }
}

/**
 * Finds this program's own workflows: beside its bundle after `npm run build`; in a clone, bundled once for each state of its sources;
 * for TypeScript that runs directly (in tests), bundled at each start.
 *
 * @param url address of this module
 */
export async function ownWorkflows(
  url = import.meta.url,
  build = import.meta.build,
): Promise<Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'>> {
  if (url.endsWith('.js'))
    return { workflowBundle: { codePath: fileURLToPath(new URL('../workflow-bundle.js', url)) } };
  if (build !== undefined) return { workflowBundle: { codePath: await bundleOf(build) } };
  return { workflowsPath: fileURLToPath(new URL('../workflows/index.ts', url)) };
}

/** Returns the bundle beside a compiled clone, made from the compiled files: later edits belong to the next build. */
async function bundleOf(build: string): Promise<string> {
  const path = join(build, 'workflow-bundle.cjs');
  if (existsSync(path)) return path;
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(build, 'workflows/index.js'),
    logger: new DefaultLogger('ERROR'),
  });
  const draft = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(draft, code);
    // Renamed in one step: a worker that starts meanwhile finds no bundle or a complete one.
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
  return path;
}
