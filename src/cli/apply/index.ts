import type { App } from '../../app.js';
import { final } from '../../errors.js';
import { openLedgerReport } from '../../ledger/report.js';
import { applyChanges, planChanges, type TableChange } from '../../project/apply/apply.js';
import { bucketsOf } from '../../project/project.js';
import { command } from '../../shared/commands.js';
import { EVER } from '../../shared/day.js';
import { sentence, type Text } from '../../shared/sentence.js';
import { withApp, type ProjectOptions } from '../common/context.js';
import { print } from '../common/output.js';

/**
 * Makes the project stand: the ledger, the database and its tables. Answers what it did, one line each.
 *
 * @param show called with what is about to happen to the tables, before anything does
 * @param allowLoss see {@link planChanges}
 */
export async function apply(
  app: App,
  show: (changes: TableChange[]) => void = () => undefined,
  allowLoss: readonly string[] = [],
): Promise<string[]> {
  const { env, clickhouse, store, ledger, project, dependencies } = app;
  const { database } = project.config;
  const buckets = [];
  if (env.localStack)
    for (const bucket of bucketsOf(project)) if (await store.createBucket(bucket)) buckets.push(bucket);
  await ledger.migrate();
  // Read afresh: an app may be older than an edit.
  const current = await dependencies.loadProject();
  const changes = await planChanges(current, await dependencies.readSchema(current), clickhouse, allowLoss);
  show(changes);
  if (changes.some(({ kind, contract }) => kind === 'alter' && !contract)) await assertNothingOpen(app);
  await applyChanges(changes, clickhouse, database);
  return [
    ...buckets.map((bucket) => `created bucket ${bucket}`),
    ...changes.map(({ table, kind }) => `${kind === 'alter' ? 'altered' : 'created'} ${database}.${table}`),
  ];
}

/** A publish that a crash left open is ended from a stage with the old columns, which an altered table would refuse. */
async function assertNothingOpen({ ledger }: App): Promise<void> {
  const [open] = await ledger.openIntents(...EVER);
  if (open)
    throw final(
      'NotApplied',
      sentence(
        `The publish of ${open.day} is open, and ends from tables of the old form. First: `,
        command.run(open.day),
      ),
    );
}

/** What would happen to the tables. */
async function dryRun({ clickhouse, dependencies }: App, allowLoss: readonly string[]): Promise<TableChange[]> {
  const project = await dependencies.loadProject();
  return await planChanges(project, await dependencies.readSchema(project), clickhouse, allowLoss);
}

const showChanges = (changes: readonly TableChange[]): void => {
  for (const { table, losses, statements } of changes) {
    for (const loss of losses) print(`-- ${table}: ${loss}`);
    for (const sql of statements) print(`${sql};`);
  }
};

const AFTERWARDS = sentence(
  'Days that were published before keep what they have, and are stale by code. Which: ',
  command.plan(),
);

/** Said once tables no longer hold what was published into them. */
async function lossText({ clickhouse, ledger }: App): Promise<Text> {
  const known = await openLedgerReport(clickhouse, ledger.project).knownDays();
  const { first, last } = known ?? { first: 'YYYY-MM-DD', last: 'YYYY-MM-DD' };
  return sentence(
    'Days that were published before no longer hold what the ledger knows of them: verify and the nights report them as different, ',
    'and no rollback reaches behind this change, until they are built again. Now: ',
    command.backfill(first, last),
  );
}

interface ApplyOptions extends ProjectOptions {
  dryRun?: boolean | undefined;
  allowLoss?: string[] | undefined;
}

/** Applies the project, or shows with `dryRun` what that would do, statement by statement. */
export const applyProject = ({ dryRun: dry, allowLoss = [], project }: ApplyOptions): Promise<void> =>
  withApp({ project }, async (app) => {
    if (dry) {
      const changes = await dryRun(app, allowLoss);
      showChanges(changes);
      print(changes.length === 0 ? 'The tables stand as the project says.' : 'Nothing was changed.');
      return;
    }
    const losses: string[] = [];
    const show = (changes: readonly TableChange[]) => {
      showChanges(changes);
      losses.push(...changes.flatMap((change) => change.losses));
    };
    const done = await apply(app, show, allowLoss);
    for (const line of done) print(line);
    print(done.length === 0 ? 'Everything stands as the project says.' : `Applied ${done.length} changes.`);
    if (losses.length > 0) print(await lossText(app));
    else if (done.some((line) => line.startsWith('altered '))) print(AFTERWARDS);
  });
