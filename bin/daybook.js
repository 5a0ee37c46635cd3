#!/usr/bin/env node
// Runs the program that lies beside it, in this very process, so that signals arrive: compiled code in what `npm run build`
// makes, the TypeScript as it is now in a clone. A clone never runs its dist/ by accident, which may be older than its source.
import { existsSync } from 'node:fs';
import module from 'node:module';

// Node 22.8 and newer keep what they compiled, in a folder of the system's for temporary files.
module.enableCompileCache?.();

const compiled = new URL('../src/cli/main.js', import.meta.url);
if (existsSync(compiled)) {
  await import(compiled.href);
} else {
  const { runSource } = await import('./source.js');
  await runSource('src/cli/main.ts');
}
