import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { processVariables, readEnv } from '../../src/env.js';
import { accepts } from '../../src/local/readiness.js';

/** The version in `pom.xml`; part of the name of the folder in which its libraries are kept. */
const VERSION = '3.9.5';
/** Milliseconds until ZooKeeper accepts connections. */
const UP_WITHIN = 30_000;

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

/** Fetches ZooKeeper with its libraries into the cache folder, once; Maven reads `pom.xml`. Returns their folder. */
export async function zookeeperLibraries(): Promise<string> {
  const { cacheDir } = readEnv(processVariables()).local;
  const folder = join(cacheDir, `zookeeper-${VERSION}`);
  if (await isThere(folder)) return folder;
  const partial = `${folder}.${process.pid}`;
  await mkdir(cacheDir, { recursive: true });
  const pom = fileURLToPath(new URL('pom.xml', import.meta.url));
  await execa('mvn', ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${partial}`]);
  // Another run may have been faster.
  await rename(partial, folder).catch(() => rm(partial, { recursive: true, force: true }));
  return folder;
}

/** Starts ZooKeeper alone on a port of 127.0.0.1, with its data below `dir`. */
export async function startZooKeeper(libraries: string, dir: string, port: number): Promise<ChildProcess> {
  const folder = join(dir, 'zookeeper');
  await mkdir(folder, { recursive: true });
  const config = join(folder, 'zoo.cfg');
  const settings = {
    tickTime: 500,
    dataDir: join(folder, 'data'),
    clientPort: port,
    clientPortAddress: '127.0.0.1',
    maxClientCnxns: 0,
    'admin.enableServer': false,
  };
  await writeFile(
    config,
    Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
  const started = spawn('java', ['-Xmx256m', '-cp', join(libraries, '*'), main, config], {
    cwd: folder,
    stdio: 'ignore',
  });
  const deadline = Date.now() + UP_WITHIN;
  while (!(await accepts(port))) {
    if (started.exitCode !== null || Date.now() > deadline) throw new Error('ZooKeeper did not start.');
    await sleep(50);
  }
  return started;
}

/** Ends a child at once; returns when it is gone. */
export async function killChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
