/**
 * The embedded ClickHouse: the real engine over a data folder, behind ClickHouse's HTTP interface on 127.0.0.1.
 *
 *   node --import tsx src/local/engine/main.ts --port P --path DIR
 *        [--user U --password W] [--memory BYTES] [--exit-with-stdin]
 *
 * Prints one line `{"ready":true,"port":P,"version":"..."}` on stdout when it accepts requests. On SIGTERM, SIGINT, and with
 * --exit-with-stdin when its stdin closes, it ends what runs, closes the folder and exits with 0. SIGKILL is safe too: the
 * folder can be opened again at once. Exits with 1 and says why when it cannot start.
 *
 * Each running statement holds a thread of Node's pool, which is 4 unless UV_THREADPOOL_SIZE says more. Only the starter can
 * set that: the loader of modules has used the pool before the first line here. The S3 client inside the engine reads AWS_*
 * variables and profile files, so start it with an environment made from nothing.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { processVariables } from '../../env.js';
import { openEngine } from './engine.js';
import { openPipes } from './pipes.js';
import { createEngineServer, type Login } from './server.js';
import { openSpool } from './spool.js';

/** A statement that cannot be ended (it may be waiting for a store that does not answer) must not hold up the exit. */
const LAST_RESORT_MS = 5_000;
/** Clients whose statements were ended are told so within this time. */
const LAST_WORDS_MS = 500;

interface Options {
  port: number;
  path: string;
  login: Login;
  memoryBytes: number | undefined;
  exitWithStdin: boolean;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      path: { type: 'string' },
      user: { type: 'string' },
      password: { type: 'string' },
      memory: { type: 'string' },
      'exit-with-stdin': { type: 'boolean', default: false },
    },
  });
  const port = Number(values.port);
  if (!values.port || !Number.isInteger(port))
    throw new Error(`Found --port ${values.port ?? 'missing'}, expected a number.`);
  if (!values.path) throw new Error('Found no --path, expected the data folder.');
  if (/[*?{}]/.test(resolve(values.path))) {
    throw new Error(
      `Found --path ${values.path}: the engine reads * ? { } in file names as wildcards. Use another folder.`,
    );
  }
  return {
    port,
    path: resolve(values.path),
    login: values.user === undefined ? undefined : { user: values.user, password: values.password ?? '' },
    memoryBytes: values.memory === undefined ? undefined : Number(values.memory),
    exitWithStdin: values['exit-with-stdin'],
  };
}

/** The limit of memory can only be given in a configuration file. */
async function engineArgs(options: Options): Promise<string[]> {
  const file = join(options.path, 'config.xml');
  const memory = options.memoryBytes ? `<max_server_memory_usage>${options.memoryBytes}</max_server_memory_usage>` : '';
  await writeFile(file, `<clickhouse>${memory}</clickhouse>\n`);
  return [`--config-file=${file}`];
}

async function main(): Promise<void> {
  const options = readOptions();
  if (!processVariables()['UV_THREADPOOL_SIZE']) {
    process.stderr.write('UV_THREADPOOL_SIZE is not set: only 4 statements will run at the same time. Set it to 64.\n');
  }
  await mkdir(options.path, { recursive: true });
  const engine = await openEngine(join(options.path, 'data'), await engineArgs(options));
  const spool = await openSpool(join(options.path, 'spool'));
  const pipes = await openPipes(join(options.path, 'pipes'));
  const server = createEngineServer({ engine, spool, pipes, login: options.login });

  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    const answered = new Promise((resolve) => server.close(resolve));
    // A client that does not read its result holds up the statement.
    setTimeout(() => {
      server.closeAllConnections();
    }, LAST_RESORT_MS / 2);
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), LAST_RESORT_MS);
    await engine.close();
    server.closeIdleConnections();
    await Promise.race([answered, sleep(LAST_WORDS_MS)]);
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop());
  if (options.exitWithStdin) process.stdin.on('close', () => void stop()).resume();

  server.listen(options.port, '127.0.0.1', () => {
    const { port } = options;
    process.stdout.write(`${JSON.stringify({ ready: true, port, version: engine.version })}\n`);
  });
  server.on('error', (error) => {
    process.stderr.write(`The engine cannot listen on 127.0.0.1:${options.port}: ${error.message}\n`);
    process.exit(1);
  });
}

main().catch((error: unknown) => {
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(`The embedded ClickHouse could not start. ${text}\n`);
  process.exit(1);
});
