#!/usr/bin/env node
// Builds dist/, or --out FOLDER: the compiled program with its launcher, its SQL files, and the workflows as one bundle. The
// folder is self-contained, except for the packages under `dependencies`.
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { readSources, transpile } from './compile.js';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Packages of the local stack, beside those of a worker. */
const LOCAL_STACK = ['@temporalio/testing', 'chdb', 'fauxqs', 'ffi-rs', 'get-port', 'proper-lockfile'];

const { values } = parseArgs({ options: { out: { type: 'string' } } });
const out = resolve(values.out ?? join(root, 'dist'));

if (values.out === undefined) rmSync(out, { recursive: true, force: true });
await transpile(readSources(), out);
copyStatements();
writePackage();
mkdirSync(join(out, 'bin'), { recursive: true });
cpSync(join(root, 'bin/daybook.js'), join(out, 'bin/daybook.js'));
await bundle();
console.error(`Built ${out}. Run it: node ${join(out, 'bin/daybook.js')} --help`);

/** Copies the SQL files, which modules read from their own folder. */
function copyStatements() {
  for (const folder of ['src', 'activities'])
    for (const path of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }))
      if (path.endsWith('.sql')) cpSync(join(root, folder, path), join(out, folder, path));
}

/** Writes a package.json: module type, version and dependencies. */
function writePackage() {
  const { name, version, license, type, engines, bin, dependencies, devDependencies } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  // A worker does without them, so npm installs them only when asked.
  const peerDependencies = Object.fromEntries(LOCAL_STACK.map((one) => [one, devDependencies[one]]));
  const peerDependenciesMeta = Object.fromEntries(LOCAL_STACK.map((one) => [one, { optional: true }]));
  const fields = { name, version, license, private: true, type, engines, bin, dependencies };
  const text = JSON.stringify({ ...fields, peerDependencies, peerDependenciesMeta }, null, 2);
  writeFileSync(join(out, 'package.json'), `${text}\n`);
}

/** Bundles the workflows: a worker that bundles them itself starts seconds later, and keeps the bundler in memory. */
async function bundle() {
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(root, 'workflows/index.ts'),
    logger: new DefaultLogger('ERROR'),
  });
  writeFileSync(join(out, 'workflow-bundle.js'), code);
}
