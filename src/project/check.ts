import { missingGrant, REMOVE_REJECTS } from '../clickhouse/catalog.js';
import type { ClickHouse } from '../clickhouse/client.js';
import { ask } from '../clickhouse/question.js';
import { isOlder, LEAST_CLICKHOUSE } from '../clickhouse/versions.js';
import { isFinal, messageOf } from '../errors.js';
import { command } from '../shared/commands.js';
import { sentence, type Text } from '../shared/sentence.js';
import type { Store } from '../store/store.js';
import type { MissingAttribute } from '../temporal/namespace.js';
import { startOrName, unreachable } from '../unreachable.js';
import { faultOfAddress } from '../webhook.js';
import { liveTables, notApplied } from './apply/apply.js';
import { checkAddress, problemOfSeveral } from './check-address.js';
import { checkCluster } from './check-cluster.js';
import { clockProblems, engineTime } from './clocks.js';
import { findRemoved, findViews, removedProblems, type View } from './leftovers.js';
import { readProject } from './load.js';
import { error, errorsOf, warning } from './problems.js';
import { bucketsOf, type Problem, type Project, type Schema } from './project.js';
import { inspectSchema } from './schema/schema.js';

/** The services that a check uses; each connects on first use. */
export interface CheckServices {
  clickhouse: ClickHouse;
  store: Pick<Store, 'checkBucket' | 'engine' | 'timeOf'>;
  /** Connects, and lists the search attributes that the namespace lacks; undefined if the server does not report them. */
  missingSearchAttributes: () => Promise<readonly MissingAttribute[] | undefined>;
  /** Checks the newest folders of the sources. Throws the errors of the store. */
  folders: (project: Project) => Promise<Problem[]>;
  /** Lets the engine write and read a tiny object in the store, and look for one in each source. */
  engineStore: (project: Project) => Promise<Problem[]>;
  /** Says that the ledger knows another project of this name; undefined if it does not. */
  otherProject: (project: Project) => Promise<Text | undefined>;
  /** In a local stack, `apply` creates the buckets. */
  localStack: boolean;
  /** True if the user has named a service: then no local stack is used. */
  chosen: boolean;
  /** The value of an environment variable that the config names. */
  named: (variable: string) => string | undefined;
}

/**
 * Lists all problems of the project in `dir` and of its services: config and files first, then the SQL as the engine understands
 * it, then the three connections. Throws only on bugs.
 */
export async function checkProject(dir: string, services: CheckServices): Promise<Problem[]> {
  const { project, problems } = await readProject(dir);
  const [sql, ...connections] = await Promise.all([
    checkClickHouse(errorsOf(problems).length === 0 ? project : undefined, services),
    checkStore(project, services),
    checkTemporal(services),
  ]);
  return [...problems, ...sql, ...connections.flat(), ...checkKeys(services), ...checkAlerts(project, services)];
}

const OTHER = 'this name belongs to another project of the same ledger';

/** Checks that the engine responds and is new enough; if the files have no errors, also lets it analyze the SQL. */
async function checkClickHouse(
  project: Project | undefined,
  { clickhouse, otherProject, chosen }: CheckServices,
): Promise<Problem[]> {
  try {
    // Whatever else is found is of one node among several.
    const address = clickhouse.cluster ? [] : await checkAddress('ClickHouse', clickhouse);
    if (address.length > 0) return address;
    const version = await clickhouse.version();
    const old = isOlder(version, LEAST_CLICKHOUSE)
      ? [
          error(
            'ClickHouse',
            `found version ${version}, expected ${LEAST_CLICKHOUSE} or later: earlier versions can restore replaced rows after a restart, and cannot copy an empty day`,
            'Upgrade the server.',
          ),
        ]
      : [];
    const lacking = await grantProblems(clickhouse);
    if (!project) return [...lacking, ...old];
    const { schema, problems } = await inspectSchema(project, clickhouse);
    const [removed, views, other] = await Promise.all([
      findRemoved(clickhouse, project),
      findViews(clickhouse, project),
      otherProject(project),
    ]);
    const pending = errorsOf(problems).length === 0 ? await pendingProblems(project, schema, clickhouse) : [];
    return [
      ...(other === undefined ? [] : [error('project', OTHER, other)]),
      ...problems,
      ...pending,
      ...removedProblems(project.config.database, removed),
      ...viewProblems(project, views),
      ...(await clockProblems('ClickHouse', () => engineTime(clickhouse))),
      ...(await checkCluster(project, clickhouse)),
      ...lacking,
      ...old,
    ];
  } catch (thrown) {
    rethrowDefect(thrown);
    const several = problemOfSeveral('ClickHouse', thrown);
    if (several) return [several];
    const fix = isDenied(thrown)
      ? 'Check CLICKHOUSE_USER and CLICKHOUSE_PASSWORD, and that the user may create databases.'
      : unreachable(thrown) === undefined
        ? 'Check what answers at CLICKHOUSE_URL, and its log.'
        : startOrName('CLICKHOUSE_URL', chosen);
    return [error('ClickHouse', messageOf(thrown), fix)];
  }
}

/** Warns about changes that wait for `apply`: until then every run fails. */
async function pendingProblems({ config }: Project, schema: Schema, clickhouse: ClickHouse): Promise<Problem[]> {
  const pending = notApplied(schema, await ask(clickhouse, liveTables(config.database)), config.database);
  return pending === '' ? [] : [warning('ClickHouse', pending, sentence('Before the next run: ', command.apply()))];
}

/** Warns about a right that no build needs: without any other one, a build fails and names it. */
async function grantProblems(clickhouse: ClickHouse): Promise<Problem[]> {
  const grant = await missingGrant(clickhouse, REMOVE_REJECTS);
  return grant === undefined
    ? []
    : [
        warning(
          'ClickHouse',
          'the user may not remove rejected lines: those of replaced chunks stay in daybook.rejected_rows, and `daybook erase` fails',
          `As an administrator, run in ClickHouse: ${grant}`,
        ),
      ];
}

/** Warns about materialized views: a day is published by replacing its partition, which is not an insert and triggers no view. */
function viewProblems({ normalized, aggregates }: Project, views: readonly View[]): Problem[] {
  return views.flatMap(({ view, table }) =>
    [...normalized, ...aggregates]
      .filter(({ name }) => name === table)
      .map(({ path }) =>
        warning(
          path,
          `the materialized view ${view} reads ${table}, but gets none of its rows: days are published by replacing partitions, which triggers no view`,
          'Make it a model under sql/aggregates/, or a plain view.',
        ),
      ),
  );
}

async function checkStore(
  project: Project | undefined,
  { store, localStack, chosen, folders, engineStore }: CheckServices,
): Promise<Problem[]> {
  if (!project) return [];
  const results = await Promise.all(
    bucketsOf(project).map((bucket) => store.checkBucket(bucket).catch((thrown: unknown) => [thrown])),
  );
  const failures = results.flatMap((result) => result ?? []);
  if (failures.length === 0) {
    const clock = clockProblems('S3', () => store.timeOf(project.config.store.bucket));
    const found = [folders(project), engineStore(project), clock].map((problems) =>
      problems.catch((thrown: unknown) => [error('S3', messageOf(thrown), storeFix(thrown, chosen))]),
    );
    return (await Promise.all(found)).flat();
  }
  return failures.map((thrown) =>
    localStack && isFinal(thrown) && !isDenied(thrown)
      ? warning('S3', messageOf(thrown), 'Nothing to do: in a local stack, `daybook apply` creates it.')
      : error('S3', messageOf(thrown), storeFix(thrown, chosen)),
  );
}

function storeFix(thrown: unknown, chosen: boolean): Text {
  if (isDenied(thrown)) return 'Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the role and its permissions.';
  if (isFinal(thrown)) return 'Create the bucket, or name another one in the config.';
  if (messageOf(thrown).includes('Could not load credentials'))
    return chosen
      ? 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name the profile or role that has them.'
      : startOrName('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY');
  return unreachable(thrown) === undefined
    ? 'Check what answers at AWS_ENDPOINT_URL_S3, and AWS_REGION.'
    : startOrName('AWS_ENDPOINT_URL_S3 and AWS_REGION', chosen);
}

async function checkTemporal({ missingSearchAttributes, chosen }: CheckServices): Promise<Problem[]> {
  try {
    const missing = (await missingSearchAttributes()) ?? [];
    if (missing.length === 0) return [];
    const names = missing.map(({ name }) => name).join(', ');
    const create = missing.map((one) => one.create).join('\n');
    return [error('Temporal', `the namespace lacks the search attributes ${names}`, create)];
  } catch (thrown) {
    rethrowDefect(thrown);
    return [error('Temporal', messageOf(thrown), temporalFix(thrown, chosen))];
  }
}

function temporalFix(thrown: unknown, chosen: boolean): Text {
  if (isDenied(thrown)) return 'Check TEMPORAL_NAMESPACE, and TEMPORAL_API_KEY or TEMPORAL_TLS_*.';
  if (isFinal(thrown))
    return 'Correct TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE, or temporal.toml, or create the namespace.';
  return startOrName('TEMPORAL_ADDRESS', chosen);
}

/** Warns if credentials are sent with each statement, except those of a store on this machine. */
function checkKeys({ store: { engine } }: CheckServices): Problem[] {
  const { hostname } = new URL(engine.bucketUrl('bucket'));
  if (engine.collection !== undefined || LOCAL.test(hostname)) return [];
  return [
    warning(
      'S3',
      'each statement carries the credentials of the store in its request body: a proxy that logs bodies sees them, and temporary credentials must outlive the longest statement',
      'Create a named collection and set DAYBOOK_S3_COLLECTION; see docs/production.md.',
    ),
  ];
}

const LOCAL = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Warns about a missing webhook address; not an error, because the worker may run on another machine. */
function checkAlerts(project: Project | undefined, { named }: CheckServices): Problem[] {
  const variable = project?.config.alerts.webhook?.env;
  const fault = variable === undefined ? undefined : faultOfAddress(variable, named(variable));
  return fault === undefined
    ? []
    : [warning('alerts.webhook', `${fault} here`, 'Set it where the workers run; without it no alerts are sent.')];
}

/** Rethrows bugs, so that they do not look like an unreachable service. */
function rethrowDefect(thrown: unknown): void {
  if (thrown instanceof TypeError || thrown instanceof ReferenceError || thrown instanceof RangeError) throw thrown;
}

const isDenied = (thrown: unknown) => isFinal(thrown) && thrown.type === 'AccessDenied';
