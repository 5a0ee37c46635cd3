#!/usr/bin/env node
// Runs the program in this process, so that it receives signals: the compiled code in a build, the current TypeScript in a clone.
// A clone never runs its dist/, which may be older than the source.
import { existsSync } from 'node:fs';
import module from 'node:module';

// Node 22.8 and newer cache compiled code in the system's temporary folder.
module.enableCompileCache?.();

const compiled = new URL('../src/cli/main.js', import.meta.url);
if (existsSync(compiled)) {
  await import(compiled.href);
} else {
  const { runSource } = await import('./source.js');
  await runSource('src/cli/main.ts');
}
