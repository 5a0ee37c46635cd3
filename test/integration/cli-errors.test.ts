import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { connectStore } from '../../src/store/store.js';
import { daybook, environment } from '../support/command.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

const DAY = '2026-11-02';
const SENTINEL = 'sentinel-2f6c';
/** Nothing listens there. */
const NOWHERE = '127.0.0.1:1';
const DEAD = {
  TEMPORAL_ADDRESS: NOWHERE,
  CLICKHOUSE_URL: `http://${NOWHERE}`,
  AWS_ENDPOINT_URL_S3: `http://${NOWHERE}`,
};

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG, { worker: false });
  await project.put(keyOf(DAY, 'a'), lines(payment(DAY, 'a')));
});
afterAll(() => project.close());

const command = (changes: Record<string, string>, ...args: string[]) =>
  daybook([...args, '--project', project.app.project.dir], environment(inject('stack'), changes));
const bare = (...args: string[]) => daybook(args, environment(inject('stack')));

describe('wrong usage exits with 2, says what is wrong and points to the help', () => {
  test.each([
    [['rnu'], /unknown command 'rnu'\n\(Did you mean run\?\)/],
    [['status', '--dya', DAY], /unknown option '--dya'\n\(Did you mean --day\?\)/],
    [['run'], /required option '--day <YYYY-MM-DD>' not specified/],
    [
      ['run', '--day', '2026-02-30'],
      /'2026-02-30' is invalid\. Expected a date that exists, written YYYY-MM-DD, or yesterday\./,
    ],
    [['status', '--day', 'today'], /'today' is invalid\. Expected a date/],
    [['status', '--accounts'], /'--accounts' needs '--day <YYYY-MM-DD>'/],
    [['status', '--days', '0'], /Expected a whole number, 1 or more\./],
    [['rejects'], /required option '--day <YYYY-MM-DD>' not specified/],
    [['rejects', 'retry', '--day', '2026-02-30'], /'2026-02-30' is invalid/],
    [['rejects', '--day', DAY, '--output', 'yaml'], /Allowed choices are text, json\./],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await bare(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).toContain('--help shows all options');
  });
});

test('every command has a help with examples', async () => {
  const { code, stdout } = await bare('--help');
  expect(code).toBe(0);
  const commands = [...stdout.matchAll(/^ {2}([a-z]+)(?: \[options\])? {2,}\S/gm)].map(([, name]) => name ?? '');
  expect(commands).toEqual(expect.arrayContaining(['apply', 'run', 'status', 'rejects', 'worker', 'local']));
  for (const name of commands.filter((one) => one !== 'help')) {
    const help = await bare(name, '--help');
    expect(help.code, name).toBe(0);
    expect(help.stdout, name).toMatch(/\nExamples:\n {2}\S/);
  }
});

describe('a service that does not answer is named, with its address and what to do', () => {
  test.each([
    [
      'run',
      { TEMPORAL_ADDRESS: NOWHERE },
      /^No Temporal server answers at 127\.0\.0\.1:1 \(.*\)\. Start it, or correct TEMPORAL_ADDRESS\.$/,
    ],
    [
      'status',
      { CLICKHOUSE_URL: `http://${NOWHERE}` },
      /no ClickHouse answers at http:\/\/127\.0\.0\.1:1 \(ECONNREFUSED\)\. Start it, or correct CLICKHOUSE_URL\.$/,
    ],
    [
      'rejects',
      { CLICKHOUSE_URL: `http://${NOWHERE}` },
      /no ClickHouse answers at http:\/\/127\.0\.0\.1:1 \(ECONNREFUSED\)\. Start it, or correct CLICKHOUSE_URL\.$/,
    ],
  ])('%s with %j', async (name, changes, message) => {
    const chosen = { ...changes, DAYBOOK_LOCAL_STACK: '' };
    const { code, stdout, stderr } = await command(chosen, name, ...(name === 'status' ? [] : ['--day', DAY]));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr, 'no stack trace').not.toMatch(/^ +at /m);
  });

  test.each([
    [false, 'Set AWS_ENDPOINT_URL_S3, or start'],
    [true, 'Start it, or correct AWS_ENDPOINT_URL_S3'],
  ])('the object store; with services of your own: %j', async (chosen, advice) => {
    const store = connectStore({ ...project.app.env.s3, endpoint: `http://${NOWHERE}`, chosen });
    await expect(store.list('some-bucket', 'raw/')).rejects.toThrow(
      new RegExp(String.raw`^list s3://some-bucket/raw/: no object store answers \(.*127\.0\.0\.1:1.*\)\. ${advice}`),
    );
    store.close();
  });

  test.each([
    ['', (variable: string) => `Start it, or correct ${variable}.`],
    ['1', (variable: string) => `Set ${variable}, or start the local stack: npx daybook local up --detach`],
  ])('check says of each what to do; DAYBOOK_LOCAL_STACK=%s', async (localStack, fix) => {
    const changes = { ...DEAD, AWS_ENDPOINT_URL_S3: inject('stack').s3.endpoint, AWS_SECRET_ACCESS_KEY: 'wrong' };
    const { code, stdout } = await command({ ...changes, DAYBOOK_LOCAL_STACK: localStack }, 'check');
    expect(code).toBe(1);
    const fixes = [...stdout.matchAll(/^(error: .*)\n.*\n {2}-> (.*)$/gm)].map(([, where, text]) => [where, text]);
    expect(fixes).toEqual([
      ['error: ClickHouse', fix('CLICKHOUSE_URL')],
      ['error: S3', 'Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the role and its permissions.'],
      ['error: Temporal', fix('TEMPORAL_ADDRESS')],
    ]);
  });

  test('in the environment of a local stack that does not run, the advice is to start it', async () => {
    const { stderr } = await command({ CLICKHOUSE_URL: `http://${NOWHERE}` }, 'status');
    expect(stderr).toContain('Set CLICKHOUSE_URL, or start the local stack: npx daybook local up --detach');
  });

  test('with --output json stdout holds one document that says so', async () => {
    const { code, stdout } = await command({ CLICKHOUSE_URL: `http://${NOWHERE}` }, 'status', '--output', 'json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      error: { type: 'Unavailable', message: expect.stringContaining('no ClickHouse answers at') as string },
    });
  });
});

describe('an address that is none is named with its variable, what was found and what is expected, by every command', () => {
  const url = (found: string, port = 9000) =>
    `found '${found}', expected a URL with http:// or https://, such as http://127.0.0.1:${port}.`;
  test.each([
    ['CLICKHOUSE_URL', 'localhost:8123', url('localhost:8123', 8123)],
    ['CLICKHOUSE_URL', 'http://one:8123, two:8123', url('two:8123', 8123)],
    ['CLICKHOUSE_URL', `daybook:${SENTINEL}@one:8123`, url('…@one:8123', 8123)],
    ['AWS_ENDPOINT_URL_S3', '127.0.0.1:9000', url('127.0.0.1:9000')],
    ['AWS_ENDPOINT_URL', 's3.example', url('s3.example')],
    ['DAYBOOK_S3_ENGINE_ENDPOINT', 'minio:9000', url('minio:9000')],
    [
      'TEMPORAL_ADDRESS',
      'http://127.0.0.1:7233',
      "found 'http://127.0.0.1:7233', expected a host and a port without http://, such as 127.0.0.1:7233.",
    ],
  ])('%s=%s', async (variable, value, expected) => {
    for (const name of variable === 'CLICKHOUSE_URL' ? ['check'] : ['check', 'status', 'worker']) {
      const { code, stdout, stderr } = await command({ AWS_ENDPOINT_URL_S3: '', [variable]: value }, name);
      expect([name, code, stdout, stderr]).toEqual([name, 1, '', `${variable}: ${expected}`]);
    }
  });
});

test('an AWS_ENDPOINT_URL beside that of S3 is not used, whatever it is', async () => {
  expect((await command({ AWS_ENDPOINT_URL: 'elsewhere' }, 'status')).code).toBe(0);
});

test('secrets are printed by no command, neither to services that refuse them nor to services that are not there', async () => {
  const secrets = { AWS_SECRET_ACCESS_KEY: SENTINEL, CLICKHOUSE_PASSWORD: SENTINEL, TEMPORAL_API_KEY: SENTINEL };
  const commands = [['status'], ['rejects', '--day', DAY], ['apply'], ['run', '--day', DAY, '--with-worker']];
  for (const changes of [
    { ...DEAD, ...secrets },
    { ...secrets, TEMPORAL_API_KEY: '' },
  ])
    for (const args of commands) {
      const { stdout, stderr } = await command({ ...changes, LOG_LEVEL: 'trace' }, ...args);
      expect(`${stdout}${stderr}`, args.join(' ')).not.toContain(SENTINEL);
    }
});

test('check reports a refused login once, of the service that refuses it', async () => {
  const { code, stdout } = await command({ CLICKHOUSE_PASSWORD: 'wrong' }, 'check');
  expect(code).toBe(1);
  expect(stdout).toContain('Check CLICKHOUSE_USER and CLICKHOUSE_PASSWORD');
  expect(stdout).not.toContain('does not reach the store');
});

test('check names the variables of a store whose credentials are not set', async () => {
  const none = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_EC2_METADATA_DISABLED: 'true' };
  const { code, stdout } = await command({ ...none, DAYBOOK_LOCAL_STACK: '' }, 'check');
  expect(code).toBe(1);
  expect(stdout).toContain('Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or');
});
