import { rmSync } from 'node:fs';
import { processVariables, readEnv } from '../../src/env.js';
import type { Stack } from '../../src/local/stack-file.js';
import { startStack } from '../../src/local/stack.js';
import { temporaryFolder } from '../support/stack.js';
import { mountDisk, SHARED_DISK, type Disk } from './disk.js';

/** Runs `work` on a stack of its own, with a small disk of its own under the engine where this machine allows it. */
export async function withStack(work: (stack: Stack, disk: Disk) => Promise<void>): Promise<void> {
  const folder = await temporaryFolder('faults');
  const mounted = await mountDisk(folder.path);
  // The stack ends by itself with the process that started it; a mounted disk doesn't.
  const onExit = () => {
    mounted?.unmountNow();
    rmSync(folder.path, { recursive: true, force: true });
  };
  process.once('exit', onExit);
  try {
    const { stack, stop } = await startStack({ dir: folder.path, env: readEnv(processVariables()) });
    try {
      await work(stack, mounted ?? SHARED_DISK);
    } finally {
      await stop();
    }
  } finally {
    mounted?.unmountNow();
    await folder.remove();
    process.off('exit', onExit);
  }
}
