import type { App } from '../../app.js';
import { createOnEachNode } from '../../clickhouse/cluster/databases.js';
import { final } from '../../errors.js';
import { assertOwner, otherProject } from '../../ledger/identity.js';
import { openLedgerReport } from '../../ledger/report/index.js';
import { applyChanges, planChanges, type TableChange } from '../../project/apply/apply.js';
import { findRemoved, findViews, removedText, viewText } from '../../project/leftovers.js';
import { bucketsOf } from '../../project/project.js';
import { command, type Command } from '../../shared/commands.js';
import { EVER } from '../../shared/day.js';
import { plural } from '../../shared/format.js';
import { archiveDatabase } from '../../shared/names.js';
import { sentence, type Text } from '../../shared/sentence.js';
import { withApp, type ProjectOptions } from '../common/context.js';
import type { Output } from '../common/options.js';
import { print, printJson } from '../common/output.js';

/**
 * Creates or updates the ledger, the database and its tables. Returns one line for each change.
 *
 * @param show called with the planned changes before any of them is made
 * @param allowLoss see {@link planChanges}
 * @param sameProject true if the ledger's project of this name is this one, although database, bucket or id differ
 * @throws a final OtherProject, before anything is changed
 */
export async function apply(
  app: App,
  show: (changes: TableChange[]) => void = () => undefined,
  allowLoss: readonly string[] = [],
  sameProject = false,
): Promise<string[]> {
  const { env, clickhouse, store, ledger, project, dependencies } = app;
  const { database } = project.config;
  const buckets: string[] = [];
  // Read again: the project may have been edited since the app was opened.
  const current = await dependencies.loadProject();
  const owner = await ledger.owner(current.config);
  if (!sameProject) assertOwner(current.config, owner);
  for (const bucket of env.localStack ? bucketsOf(current) : [])
    if (await store.createBucket(bucket)) buckets.push(bucket);
  await ledger.migrate();
  if (clickhouse.cluster) await createOnEachNode(clickhouse, archiveDatabase(ledger.project));
  if (!owner?.recorded || otherProject(current.config, owner)) await ledger.recordOwner(current.config);
  const changes = await planChanges(current, await dependencies.readSchema(current), clickhouse, allowLoss);
  show(changes);
  if (changes.some(({ kind, contract }) => kind === 'alter' && !contract)) await assertNoUnfinishedPublish(app);
  await applyChanges(changes, clickhouse, database);
  return [
    ...buckets.map((bucket) => `created bucket ${bucket}`),
    ...changes.map(({ table, kind }) => `${kind === 'alter' ? 'altered' : 'created'} ${database}.${table}`),
  ];
}

/** Refuses while a publish is unfinished: it is finished from a stage with the old columns, which an altered table rejects. */
async function assertNoUnfinishedPublish({ ledger }: App): Promise<void> {
  const [unfinished] = await ledger.openIntents(...EVER);
  if (unfinished)
    throw final(
      'NotApplied',
      sentence(
        `The publish of ${unfinished.day} is unfinished and needs the tables as they are. Finish it first: `,
        command.run(unfinished.day),
      ),
    );
}

/** Plans the changes without making them. */
async function dryRun(
  { clickhouse, ledger, dependencies }: App,
  allowLoss: readonly string[],
  sameProject: boolean,
): Promise<TableChange[]> {
  const project = await dependencies.loadProject();
  if (!sameProject) assertOwner(project.config, await ledger.owner(project.config));
  return await planChanges(project, await dependencies.readSchema(project), clickhouse, allowLoss);
}

const showChanges = (changes: readonly TableChange[]): void => {
  for (const { table, losses, statements } of changes) {
    for (const loss of losses) print(`-- ${table}: ${loss}`);
    for (const sql of statements) print(`${sql};`);
  }
};

const NOW_STALE = sentence('Published days keep their rows and are now stale (code). List them: ', command.plan());

/** Writes what the altered tables mean for days that were published before. */
function consequences(altered: readonly TableChange[], rebuild: Command): Text[] {
  if (altered.some(({ losses }) => losses.length > 0))
    return [
      sentence(
        'Published days no longer match the ledger. Until they are rebuilt, verify and the nightly runs report them as different, ',
        'and they cannot be rolled back to a publish from before this change. Rebuild them: ',
        rebuild,
      ),
    ];
  return altered.length > 0 ? [NOW_STALE] : [];
}

/** Returns the first and the last day on which readers have rows of the tables; undefined if there is none. */
async function publishedRange({ clickhouse, ledger }: App, tables: readonly TableChange[]) {
  const published = await openLedgerReport(clickhouse, ledger.project).publishedTables(...EVER);
  const names = new Set(tables.map(({ table }) => table));
  const days = published.filter(({ table }) => names.has(table)).map(({ day }) => day);
  const [first, last] = [days.sort()[0], days.at(-1)];
  return first !== undefined && last !== undefined ? { first, last } : undefined;
}

/** Writes what the changes mean for days that were published before, and what else readers meet. */
async function applyNotes(app: App, changes: readonly TableChange[], dry: boolean): Promise<Text[]> {
  const { clickhouse, dependencies } = app;
  const project = await dependencies.loadProject();
  const { database } = project.config;
  const altered = changes.filter(({ kind, contract }) => kind === 'alter' && !contract);
  const [days, removed, views] = await Promise.all([
    altered.length > 0 ? publishedRange(app, altered) : undefined,
    findRemoved(clickhouse, project),
    findViews(clickhouse, project),
  ]);
  const rebuild = days && command.backfill(days.first, days.last);
  return [
    ...(rebuild ? altered : []).flatMap(({ table, added }) =>
      added.map((what) =>
        sentence(`${table}: ${what} on days that were published before, until they are rebuilt: `, rebuild ?? ''),
      ),
    ),
    ...(dry || !rebuild ? [] : consequences(altered, rebuild)),
    ...removed.map((table) => removedText(database, table)),
    ...views.map((view) => viewText(database, view)),
  ];
}

interface ApplyOptions extends ProjectOptions {
  dryRun?: boolean | undefined;
  allowLoss?: string[] | undefined;
  sameProject?: boolean | undefined;
  output: Output;
}

/** Applies the project; with `dryRun`, prints the statements without running them. */
export const applyProject = ({
  dryRun: dry = false,
  allowLoss = [],
  sameProject = false,
  project,
  output,
}: ApplyOptions): Promise<void> =>
  withApp({ project }, async (app) => {
    let changes: TableChange[] = [];
    const show = (planned: TableChange[]) => {
      changes = planned;
      if (output === 'text') showChanges(planned);
    };
    if (dry) show(await dryRun(app, allowLoss, sameProject));
    const done = dry ? [] : await apply(app, show, allowLoss, sameProject);
    const notes = await applyNotes(app, changes, dry);
    if (output === 'json') {
      printJson({ project: app.project.config.project, dryRun: dry, changes, done, notes });
      return;
    }
    for (const line of done) print(line);
    if (dry) print(changes.length === 0 ? 'The tables match the project.' : 'Nothing was changed.');
    else print(done.length === 0 ? 'Everything matches the project.' : `Applied ${plural(done.length, 'change')}.`);
    for (const note of notes) print(note);
  });
