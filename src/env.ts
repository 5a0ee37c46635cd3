import { devNull } from 'node:os';
import { cacheFolder, given, stackFolder } from './local/programs/where.js';

/** Environment variables: `process.env`, or a set made for a child process or a test. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** What Daybook reads from its environment. Everything about a project is in its `daybook.config.ts` instead. */
export interface Env {
  /** Folder of the project; undefined means that the caller chooses the default. */
  projectDir: string | undefined;
  /** The TEMPORAL_* variables, read by `@temporalio/envconfig` exactly as the `temporal` CLI reads them. */
  temporal: Record<string, string>;
  clickhouse: { url: string; user: string; password: string; chosen?: boolean };
  s3: {
    /** True if the user has named a service: then no local stack is used, and to start one is no advice. */
    chosen?: boolean;
    /** Undefined means Amazon S3 itself. */
    endpoint: string | undefined;
    /** The store's address as ClickHouse sees it, if it differs. */
    engineEndpoint: string | undefined;
    /** A named collection of the ClickHouse server that holds the store's credentials. */
    collection: string | undefined;
    region: string;
    /** Undefined means the AWS SDK's default chain: profile, web identity, instance role. */
    credentials: { accessKeyId: string; secretAccessKey: string; sessionToken: string | undefined } | undefined;
  };
  log: { level: string; format: 'json' | 'text' };
  local: {
    /** Where downloaded and built executables are kept, by version. */
    cacheDir: string;
    /** The user's local stack: its data, logs and addresses. */
    stackDir: string;
    /** Executables named by the user; undefined means PATH, the cache, a download or a build. */
    temporalPath: string | undefined;
    versitygwPath: string | undefined;
    clickhousePath: string | undefined;
    /** A copy of versitygw's release archives; undefined means the project's own release. */
    versitygwRelease: string | undefined;
  };
  /** True if the services are a local stack's: `apply` then creates missing buckets too. */
  localStack: boolean;
  /** True if `npm run demo --keep` was typed: npm takes the option for itself and sets only a variable. */
  keepDemo: boolean;
  /** Reads a variable that a project's config names, because its value is a secret; undefined if it is not set. */
  named: (variable: string) => string | undefined;
}

/** If any of these is set, the user has chosen services, and no local stack is used. */
const SERVICE_VARIABLES = ['TEMPORAL_ADDRESS', 'CLICKHOUSE_URL', 'AWS_ENDPOINT_URL_S3'] as const;

/** True if the variables name at least one service, so no local stack may be used. */
export const namesServices = (vars: Variables): boolean => SERVICE_VARIABLES.some((name) => given(vars, name));

/** Returns the process's environment; nothing else reads it. */
export const processVariables = (): Variables => process.env;

/** The oldest Node that the AWS SDK supports; on an older one, it prints a warning of six lines. */
const SDK_NODE = 22;

/**
 * Silences the AWS SDK's warning about an old Node that Daybook supports: it would be the first thing that a new user sees.
 * @param node version of Node, for tests
 */
export function quietenSdk(node: string = process.versions.node): void {
  if (Number.parseInt(node, 10) < SDK_NODE) process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
}

/**
 * Removes all variables that name services: libraries read some of them, and the files that they name, by themselves. Variables that
 * say where to find or download executables are kept.
 */
export function forgetServices(): void {
  for (const name of Object.keys(process.env))
    if (/^(TEMPORAL|CLICKHOUSE|AWS|DAYBOOK_S3)_|^DAYBOOK_(PROJECT|LOCAL_STACK)$/.test(name))
      Reflect.deleteProperty(process.env, name);
  // Without these, profiles in the home folder would be read.
  for (const file of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE', 'TEMPORAL_CONFIG_FILE'])
    process.env[file] = devNull;
  // Temporal's client would use the download proxy even for 127.0.0.1.
  process.env['no_grpc_proxy'] = '127.0.0.1';
  quietenSdk();
}

/** Reads variables into an {@link Env}. Empty strings count as not set. */
export function readEnv(vars: Variables): Env {
  const get = (name: string) => given(vars, name);
  const key = get('AWS_ACCESS_KEY_ID');
  const secret = get('AWS_SECRET_ACCESS_KEY');
  const localStack = get('DAYBOOK_LOCAL_STACK') === '1';
  const temporal = Object.fromEntries(
    Object.entries(vars).flatMap(([name, value]) => (name.startsWith('TEMPORAL_') && value ? [[name, value]] : [])),
  );
  const addresses = { CLICKHOUSE_URL: get('CLICKHOUSE_URL'), AWS_ENDPOINT_URL_S3: get('AWS_ENDPOINT_URL_S3') };
  const chosen = namesServices({ ...temporal, ...addresses }) && !localStack;
  return {
    projectDir: get('DAYBOOK_PROJECT'),
    temporal,
    clickhouse: {
      url: addresses.CLICKHOUSE_URL ?? 'http://127.0.0.1:8123',
      user: get('CLICKHOUSE_USER') ?? get('CLICKHOUSE_USERNAME') ?? 'default',
      password: get('CLICKHOUSE_PASSWORD') ?? '',
      chosen,
    },
    s3: {
      chosen,
      endpoint: addresses.AWS_ENDPOINT_URL_S3 ?? get('AWS_ENDPOINT_URL'),
      engineEndpoint: get('DAYBOOK_S3_ENGINE_ENDPOINT'),
      collection: get('DAYBOOK_S3_COLLECTION'),
      region: get('AWS_REGION') ?? get('AWS_DEFAULT_REGION') ?? 'us-east-1',
      credentials:
        key && secret
          ? { accessKeyId: key, secretAccessKey: secret, sessionToken: get('AWS_SESSION_TOKEN') }
          : undefined,
    },
    log: { level: get('LOG_LEVEL') ?? 'info', format: get('LOG_FORMAT') === 'json' ? 'json' : 'text' },
    local: {
      cacheDir: cacheFolder(vars),
      stackDir: stackFolder(vars),
      temporalPath: get('DAYBOOK_TEMPORAL'),
      versitygwPath: get('DAYBOOK_VERSITYGW'),
      clickhousePath: get('DAYBOOK_CLICKHOUSE'),
      versitygwRelease: get('DAYBOOK_VERSITYGW_RELEASE'),
    },
    localStack,
    keepDemo: get('npm_config_keep') === 'true',
    named: get,
  };
}
