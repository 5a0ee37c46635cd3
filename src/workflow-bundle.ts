import { existsSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, type WorkerOptions } from '@temporalio/worker';

declare global {
  interface ImportMeta {
    /** Folder of this build, where a clone was compiled at its start; see bin/compile.js. */
    readonly build?: string;
  }
}

/**
 * Finds the workflows of this very program: what `npm run build` makes lies beside its bundle, a clone is bundled once for each
 * state of its sources, and TypeScript that runs as it is (in tests) at each start.
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

/** The bundle beside a compiled clone, made of what was compiled: an edit since then belongs to the next build. */
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
    // In one step: a worker that starts meanwhile finds no bundle or a whole one.
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
  return path;
}
