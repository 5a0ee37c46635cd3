import { expect, test } from 'vitest';
import { readEnv, type Variables } from '../../src/env.js';
import { cloudGrants, clusterGrants, productionGrants } from '../../src/local/clickhouse/grants.js';
import { SEARCH_ATTRIBUTES } from '../../src/shared/names.js';
import { composeGrants, exampleVariables, readCompose, repositoryText } from '../support/compose.js';

const compose = readCompose();
const services = Object.entries(compose.services);
const documented = repositoryText('docs/production.md');

/** Variables about the local stack and the demo, which a production environment does not have. */
const LAPTOP =
  /^(DAYBOOK_(CACHE|STACK|TEMPORAL|CLICKHOUSE|VERSITYGW|VERSITYGW_RELEASE|LOCAL_STACK)|XDG_\w+_HOME|npm_config_\w+)$/;

/** What people never set by hand: a local stack says that it is one, and npm keeps an option of the demo for itself. */
const INTERNAL = new Set(['DAYBOOK_LOCAL_STACK', 'npm_config_keep', 'XDG_CACHE_HOME', 'XDG_STATE_HOME']);

/** Read by the program and not set in the compose file: other names of what is set, and what that stack has no use for. */
const UNUSED = [
  ...['AWS_DEFAULT_REGION', 'AWS_ENDPOINT_URL', 'CLICKHOUSE_USERNAME'],
  ...['AWS_SESSION_TOKEN', 'DAYBOOK_S3_ENGINE_ENDPOINT'],
];

/** The names that `src/env.ts` asks for, whether others are set or not; TEMPORAL_* it takes as they come. */
function askedVariables(): string[] {
  const asked = new Set<string>();
  const spy = (answer: string | undefined): Variables =>
    new Proxy({}, { get: (_, name) => (typeof name === 'string' ? (asked.add(name), answer) : undefined) });
  readEnv(spy(undefined));
  readEnv(spy('given'));
  return [...asked].sort();
}

const knownVariables = () => askedVariables().filter((name) => !LAPTOP.test(name));

/** Names in the first column of the table whose heading begins so. */
function namesInTable(text: string, heading: string): string[] {
  const [, table = ''] = new RegExp(`^\\| ${heading} .*\\n([^]*?)\\n\\n`, 'm').exec(text) ?? [];
  return table
    .split('\n')
    .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([\w*…]+)`/g)].map(([, name = '']) => name));
}

const endsByItself = (name: string) => 'disable' in (compose.services[name]?.healthcheck ?? {});

test('every image is pinned to a version', () => {
  for (const [name, { image }] of services) expect(image, name).toMatch(/^[\w./-]+:v?\d+\.\d+[\w.-]*$/);
  const [, year, month, patch] = /:(\d+)\.(\d+)\.(\d+)/.exec(compose.services['clickhouse']?.image ?? '') ?? [];
  expect(Number(year) * 10_000 + Number(month) * 100 + Number(patch)).toBeGreaterThanOrEqual(26_06_01);
});

test('a service is either asked for its health and restarted, or ends by itself and is waited for', () => {
  const awaited = services.flatMap(([, { depends_on }]) =>
    Object.entries(depends_on ?? {}).map(([name, { condition }]) => `${name} ${condition}`),
  );
  for (const [name, { restart }] of services) {
    expect(restart, name).toBe(endsByItself(name) ? 'on-failure:5' : 'unless-stopped');
    if (endsByItself(name) && compose.services[name]?.profiles === undefined)
      expect(awaited).toContain(`${name} service_completed_successfully`);
  }
  for (const one of awaited) {
    const [name = '', condition] = one.split(' ');
    expect(Object.keys(compose.services)).toContain(name);
    expect(condition, one).toBe(endsByItself(name) ? 'service_completed_successfully' : 'service_healthy');
  }
});

test('ports are bound to this machine alone', () => {
  for (const port of services.flatMap(([, { ports }]) => ports ?? [])) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
});

test('every volume and every configuration that is used is declared, and the other way round', () => {
  const mounted = services.flatMap(([, { volumes }]) => volumes ?? []).map((volume) => volume.split(':')[0] ?? '');
  expect(new Set(mounted.filter((one) => /^\w+$/.test(one)))).toEqual(new Set(Object.keys(compose.volumes)));
  const configured = services.flatMap(([, { configs }]) => configs ?? []).map(({ source }) => source);
  expect(configured.sort()).toEqual(Object.keys(compose.configs).sort());
});

test('two workers run, and a stop is more patient than they are', () => {
  const worker = compose.services['worker'];
  expect(worker?.deploy.replicas).toBe(2);
  const [, grace] = /GRACE = (\d+)_000;/.exec(repositoryText('src/worker.ts')) ?? [];
  expect(parseInt(worker?.stop_grace_period ?? '0')).toBeGreaterThan(Number(grace));
});

test('the workers of the compose file get every variable that the program reads, or none of its name is needed there', () => {
  for (const service of ['worker', 'apply', 'schedule']) {
    const given = Object.keys(compose.services[service]?.environment ?? {});
    expect([...given, ...UNUSED].sort()).toEqual(
      [...knownVariables(), 'TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE'].sort(),
    );
  }
});

test('the documented variables are those that the program reads', () => {
  const names = namesInTable(documented, 'variable');
  expect(names.filter((name) => name !== 'TEMPORAL_*').sort()).toEqual(knownVariables());
});

test('the reference names every variable that people may set, and no other', () => {
  const names = namesInTable(repositoryText('docs/reference.md'), 'variable').filter(
    (name) => !name.startsWith('TEMPORAL_'),
  );
  // Read by the AWS SDK itself.
  const expected = [...askedVariables().filter((name) => !INTERNAL.has(name)), 'AWS_PROFILE'];
  expect(names.sort()).toEqual(expected.sort());
});

test("the image's Node is the one that CI runs all tests on", () => {
  const [, tested] = /^newest=\$\(\.ci\/node (\d+)\./m.exec(repositoryText('.ci/run')) ?? [];
  const used = [...repositoryText('Dockerfile').matchAll(/^FROM node:(\d+)-/gm)].map(([, major]) => major);
  expect(new Set(used)).toEqual(new Set([tested]));
});

test('what the compose file takes from the shell is documented: secrets are required, the rest has its default', () => {
  const text = repositoryText('docker-compose.yml').replaceAll(/^\s*#.*$/gm, '');
  const taken = [...text.matchAll(/(?<!\$)\$\{(\w+):([-?])([^}]*)\}/g)].map(([, name = '', kind, rest = '']) => ({
    name,
    standard: kind === '?' ? 'none, required' : `\`${rest}\``,
  }));
  expect(namesInTable(documented, 'variable of').sort()).toEqual([...new Set(taken.map(({ name }) => name))].sort());
  const example = exampleVariables();
  expect(Object.keys(example).sort()).toEqual([...new Set(taken.map(({ name }) => name))].sort());
  for (const { name, standard } of taken) {
    expect(example[name], name).toBe(standard === 'none, required' ? '' : standard.replaceAll('`', ''));
    expect(documented).toMatch(
      new RegExp(`^\\| \`${name}\` +\\|[^|]*\\| ${standard.replaceAll('.', '[.]')} +\\|$`, 'm'),
    );
    expect(standard === 'none, required', name).toBe(/PASSWORD|KEY/.test(name));
  }
});

test('every command of Daybook sees the whole project folder, and the schedule is applied before the workers start', () => {
  for (const service of ['worker', 'apply', 'schedule'])
    expect(compose.services[service]?.volumes).toEqual(['${PROJECT_DIR:-.}:/project:ro']);
  expect(compose.services['schedule']?.command).toEqual(['schedule', 'apply']);
  expect(Object.keys(compose.services['worker']?.depends_on ?? {})).toEqual(['schedule']);
});

test('a stop waits for what keeps data, its logs expire, and PostgreSQL is asked over TCP', () => {
  expect(compose.services['clickhouse']?.stop_grace_period).toBe('5m');
  expect(compose.services['postgres']?.stop_grace_period).toBe('1m');
  const logs = compose.configs['clickhouse-logs']?.content ?? '';
  expect([...logs.matchAll(/<(\w+_log)><ttl>event_date \+ INTERVAL 14 DAY DELETE<\/ttl><\/\1>/g)]).toHaveLength(6);
  expect(JSON.stringify(compose.services['postgres']?.healthcheck)).toContain('"--host","127.0.0.1"');
});

test('both ends of a secret are the same variable', () => {
  const of = (service: string, name: string) => compose.services[service]?.environment?.[name];
  expect(of('clickhouse', 'DAYBOOK_USER_PASSWORD')).toBe(of('worker', 'CLICKHOUSE_PASSWORD'));
  expect(of('temporal', 'POSTGRES_PWD')).toBe(of('postgres', 'POSTGRES_PASSWORD'));
  expect(of('temporal-schema', 'SQL_PASSWORD')).toBe(of('postgres', 'POSTGRES_PASSWORD'));
  for (const [service, key, secret] of [
    ['clickhouse', 'STORE_ACCESS_KEY', 'STORE_SECRET_KEY'],
    ['bucket', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
    ['s3', 'ROOT_ACCESS_KEY', 'ROOT_SECRET_KEY'],
  ] as const) {
    expect(of(service, key)).toBe(of('worker', 'AWS_ACCESS_KEY_ID'));
    expect(of(service, secret)).toBe(of('worker', 'AWS_SECRET_ACCESS_KEY'));
  }
  // A password of this name would open the server's administrator to the network.
  expect(of('clickhouse', 'CLICKHOUSE_PASSWORD')).toBeUndefined();
});

test('the compose file runs the example: its bucket, its collection, its search attributes', () => {
  const config = repositoryText('daybook.config.ts');
  const named = (field: string) => new RegExp(`\\b${field}: '([\\w-]+)'`).exec(config)?.[1];
  const { PROJECT_NAME, PROJECT_DATABASE, PROJECT_BUCKET } = exampleVariables();
  expect([named('project'), named('database'), named('bucket')]).toEqual([
    PROJECT_NAME,
    PROJECT_DATABASE,
    PROJECT_BUCKET,
  ]);
  const collection = String(compose.services['worker']?.environment?.['DAYBOOK_S3_COLLECTION']);
  expect(compose.configs['clickhouse-store']?.content).toContain(`<${collection}>`);
  const attributes = `for name in ${SEARCH_ATTRIBUTES.join(' ')}; do`;
  expect(compose.services['temporal-namespace']?.command?.join(' ')).toContain(attributes);
  expect(documented).toContain(attributes);
});

test('the grants of the local stack are made from the documented ones', () => {
  const [, block = ''] = /```sql\nCREATE USER daybook [^\n]*;\n\n(.*?)```/s.exec(documented) ?? [];
  expect(block).toBe(productionGrants());
});

test('the documented grants of one server are those of the compose file', () => {
  expect(documented).toContain(clusterGrants());
  expect(documented).toContain(cloudGrants());
  const ofOneServer = documented.replace(clusterGrants(), '').replace(cloudGrants(), '');
  const grants = [...ofOneServer.matchAll(/^(GRANT .+) TO daybook;$/gm)].map(([, statement = '']) => statement);
  expect(grants.sort()).toEqual(composeGrants().sort());
});

test('the image is built from files that its context holds, and runs node itself', () => {
  const dockerfile = repositoryText('Dockerfile');
  const allowed = repositoryText('.dockerignore')
    .split('\n')
    .filter((line) => line.startsWith('!'));
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, files = '']) => files.split(' '));
  expect(new Set(copied.map((file) => `!${file}`))).toEqual(new Set(allowed));
  expect(dockerfile).toContain('ENTRYPOINT ["node", "bin/daybook.js"]');
  expect(dockerfile).toContain('USER node');
});
