import { mkdir } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { processVariables } from '../../src/env.js';
import { pythonTools, pythonVersion } from '../clients/python.js';
import { DAYBOOK, daybook, start } from '../support/command.js';
import { readCompose, repositoryText, type Compose } from '../support/compose.js';
import { temporaryFolder } from '../support/stack.js';
import { temporalExecutable } from '../support/temporal-cli.js';
import { engineFolder, startEngine, type EngineProcess } from './engine-process.js';

const NAME = 'compose_clicks';
const BUCKET = 'compose-clicks-data';
const DAY = '2026-11-05';

const version = await pythonVersion();
if (!version) console.warn("SKIPPED: the compose file's commands need python3, 3.10 or newer, for the `aws` command.");

/** Every command of the file, with its environment and nothing else, against services of this machine instead of containers. */
describe.skipIf(!version)('the commands of docker-compose.yml', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let data: Awaited<ReturnType<typeof engineFolder>>;
  let compose: Compose;
  let engine: EngineProcess;
  let path: string;

  beforeAll(async () => {
    const { s3 } = inject('stack');
    folder = await temporaryFolder('compose');
    await mkdir(join(folder.path, 'home'));
    const init = await daybook(['init', join(folder.path, 'project'), '--project', NAME], plain());
    expect(init).toMatchObject({ code: 0 });
    compose = readCompose({
      ...{ CLICKHOUSE_PASSWORD: 'of-a-test', POSTGRES_PASSWORD: 'of-a-test' },
      ...{ S3_ACCESS_KEY: s3.accessKeyId, S3_SECRET_KEY: s3.secretAccessKey },
      ...{ PROJECT_DIR: join(folder.path, 'project'), PROJECT_NAME: NAME },
      ...{ PROJECT_DATABASE: `${NAME}_analytics`, PROJECT_BUCKET: BUCKET },
    });
    data = await engineFolder();
    engine = await startEngine(data.path, {
      files: () => ({
        'users.d/daybook.xml': compose.configs['clickhouse-user']?.content ?? '',
        'config.d/daybook.xml': compose.configs['clickhouse-store']?.content ?? '',
      }),
      env: variablesOf('clickhouse'),
    });
    const tools = [await pythonTools(version ?? '', 'aws-requirements.txt'), dirname(await temporalExecutable())];
    path = [...tools, dirname(process.execPath), processVariables()['PATH'] ?? ''].join(delimiter);
  });

  afterAll(async () => {
    await engine.stop();
    await Promise.all([data.remove(), folder.remove()]);
  });

  const plain = () => ({ PATH: dirname(process.execPath), HOME: join(folder.path, 'home') });

  /** Replaces the names of containers, and the folder that they mount, by what this machine has instead. */
  const here = (text: string): string =>
    text
      .replaceAll('temporal:7233', inject('stack').temporal.address)
      .replaceAll('http://clickhouse:8123', () => engine.url)
      .replaceAll('http://s3:7070', inject('stack').s3.endpoint)
      .replaceAll(/(?<![\w.])\/project(?!\w)/g, join(folder.path, 'project'));

  function variablesOf(service: string): Record<string, string> {
    const variables = Object.entries(compose.services[service]?.environment ?? {});
    return Object.fromEntries(variables.map(([name, value]) => [name, here(String(value))]));
  }

  /** Runs the script of a service that is not Daybook's. */
  async function script(service: string) {
    const [shell = '', ...more] = compose.services[service]?.entrypoint ?? [];
    const args = [...more, ...(compose.services[service]?.command ?? []).map(here)];
    const env = { ...variablesOf(service), PATH: path, HOME: join(folder.path, 'home') };
    const { exitCode, stderr, stdout } = await execa(shell, args, { env, extendEnv: false, reject: false });
    return { exitCode, said: `${stdout}\n${stderr}` };
  }

  /** Runs the program as a container of the image does. */
  const program = (service: string, args = compose.services[service]?.command ?? []) =>
    start(args, { ...plain(), NODE_ENV: 'production', ...variablesOf(service) }, folder.path);

  test('set up the namespace, the bucket and the samples, and may be run again', async () => {
    for (const service of ['temporal-namespace', 'bucket', 'samples', 'temporal-namespace', 'bucket'])
      expect(await script(service), service).toMatchObject({ exitCode: 0 });
  });

  test('apply the project and its schedule, build a day on two workers, and find them healthy', async () => {
    for (const service of ['apply', 'schedule', 'apply'])
      expect(await program(service), service).toMatchObject({ exitCode: 0 });
    const replicas = compose.services['worker']?.deploy.replicas ?? 0;
    const workers = Array.from({ length: replicas }, () => program('worker'));
    expect(workers).toHaveLength(2);
    try {
      const { healthcheck } = compose.services['worker'] ?? {};
      if (!healthcheck || !('test' in healthcheck)) throw new Error('the workers have no health check');
      const [kind, node, file, ...health] = healthcheck.test;
      expect([kind, node, file]).toEqual(['CMD', 'node', 'bin/daybook.js']);
      expect(DAYBOOK.endsWith('bin/daybook.js')).toBe(true);
      await expect.poll(async () => (await program('worker', health)).exitCode, { timeout: 120_000 }).toBe(0);
      const ran = await program('worker', ['run', '--day', DAY]);
      expect(ran, ran.stderr).toMatchObject({ exitCode: 0 });
    } finally {
      for (const worker of workers) worker.kill('SIGTERM');
    }
    for (const ended of await Promise.all(workers)) expect(ended).toMatchObject({ exitCode: 0 });
    const rows = await engine.client.query({
      query: `SELECT toString(day) AS day, count() > 0 AS filled FROM ${NAME}_analytics.events GROUP BY day ORDER BY day`,
      format: 'JSONEachRow',
    });
    expect(await rows.json()).toEqual([{ day: DAY, filled: 1 }]);
  });

  test('a secret with characters of XML is refused by ClickHouse, as .env.example says', async () => {
    const other = await engineFolder();
    const files = () => ({ 'users.d/daybook.xml': compose.configs['clickhouse-user']?.content ?? '' });
    const env = { ...variablesOf('clickhouse'), DAYBOOK_USER_PASSWORD: 'a&b' };
    await expect(startEngine(other.path, { files, env })).rejects.toThrow('SAXParseException');
    await other.remove();
    expect(repositoryText('.env.example')).toContain('ClickHouse reads them as XML');
  });

  test('a secret that is not set is named, and nothing starts', () => {
    expect(() => readCompose({ CLICKHOUSE_PASSWORD: 'x', S3_ACCESS_KEY: 'x', POSTGRES_PASSWORD: 'x' })).toThrow(
      'S3_SECRET_KEY',
    );
  });
});
