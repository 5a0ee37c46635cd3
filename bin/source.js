// Compiles a clone and runs one of its modules in this process: node bin/source.js src/local/processes/supervisor.ts --dir D
import { realpathSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { compiledClone } from './compile.js';
import { showSources } from './stack-traces.js';

const self = fileURLToPath(import.meta.url);

/** Runs a module, given by its path in the clone. If it cannot be compiled, prints why and sets exit code 2. */
export async function runSource(path) {
  let build;
  try {
    build = await compiledClone();
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = 2;
    return;
  }
  showSources(build);
  await import(pathToFileURL(join(build, path.replace(/\.ts$/, '.js'))).href);
}

const explain = (error) =>
  error.code === 'ERR_MODULE_NOT_FOUND'
    ? 'This clone of Daybook has no compiler, which is a development package. Install it: npm ci --include=dev'
    : `Daybook could not be compiled. ${error.message}`;

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === self) {
  // Remove this file from the arguments, as if Node had been called with the module.
  process.argv.splice(1, 1);
  await runSource(relative(resolve(self, '../..'), process.argv[1]));
}
