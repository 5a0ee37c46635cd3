import { randomUUID } from 'node:crypto';
import type { App } from '../../app.js';
import { keepErasure, type Erasure } from '../../erase/erasure.js';
import { findRows, type Found } from '../../erase/find.js';
import { command } from '../../shared/commands.js';
import { plural } from '../../shared/format.js';
import { workflowId } from '../../shared/names.js';
import { sentence } from '../../shared/sentence.js';
import type { EraseResult } from '../../shared/workflows.js';
import { localStep } from '../../step/step.js';
import { endOf } from '../../temporal/client.js';
import { withApp, type ProjectOptions } from '../common/context.js';
import type { Output } from '../common/options.js';
import { note, print, printJson } from '../common/output.js';
import { startWorkflow } from '../common/start.js';
import { assertTables } from '../common/wanted.js';
import { warnIfNoWorker, withWorker } from '../common/worker.js';

interface EraseOptions extends ProjectOptions {
  table: string;
  where: string;
  rejectsWith?: string | undefined;
  dryRun?: true | undefined;
  withWorker?: true | undefined;
  output: Output;
}

/** Rows and days that are shown one by one. */
const SHOWN = 20;
/** Raw objects that are shown one by one. */
const OBJECTS_SHOWN = 1_000;

/** Erases rows, or shows where they are. */
export const startErasure = ({ project, ...options }: EraseOptions): Promise<void> =>
  withApp({ project }, async (app) => {
    await app.ledger.assertReadable(app.project.config);
    await assertTables(app);
    const { table, where, rejectsWith: text, output } = options;
    const asked = { id: randomUUID(), table, where, ...(text === undefined ? {} : { text }) };
    const found = await findRows(app.dependencies, asked, localStep(app.dependencies));
    if (output !== 'json') printFound(asked, found);
    if (options.dryRun) {
      if (output === 'json') printJson({ dryRun: true, ...documentOf(asked, found) });
      else print('Nothing was changed.');
      return;
    }
    const run = () => follow(app, asked, options.withWorker ?? false);
    const end = options.withWorker ? await withWorker(app, run) : await run();
    if (!end.ok) {
      process.exitCode = 1;
      if (output === 'json') printJson({ error: { type: 'EraseFailed', message: end.message } });
      else note(end.message);
      return;
    }
    if (output === 'json') printJson({ dryRun: false, ...documentOf(asked, found), done: end.result });
    else printDone(end.result);
  });

async function follow(app: App, asked: Erasure, own: boolean) {
  const { project } = app.project.config;
  const { id } = await keepErasure(app.dependencies, asked);
  const handle = await startWorkflow(app, {
    type: 'erase',
    workflowId: workflowId.erase(project, id),
    input: { id },
    summary: `${project}, rows of ${asked.table} are erased`,
    details: 'Started by hand. The condition is in the store, not here.',
  });
  if (!own) await warnIfNoWorker(app, 'the erasure');
  note(
    `${handle.workflowId} runs; if this command is interrupted, the erasure continues, and the same command follows it again.`,
  );
  return await endOf<EraseResult>(handle);
}

/** Fields of the JSON document, without the condition: it may be kept where the person must not be named. */
const documentOf = ({ table }: Erasure, { days, chunks, rejects, otherRejects, archives, objects }: Found) => ({
  table,
  days,
  chunks: chunks.length,
  rejects: rejects.length,
  otherRejects,
  archives: archives.length,
  objects,
});

function printFound({ table, text }: Erasure, { days, chunks, rejects, otherRejects, archives, objects }: Found): void {
  const rows = days.reduce((sum, one) => sum + one.rows, 0);
  print(
    `${table}: ${plural(rows, 'row')} on ${plural(days.length, 'day')}, ${plural(chunks.length, 'normalized object')}, ` +
      `${plural(rejects.length, 'reject')}, ${plural(archives.length, 'archive')}`,
  );
  for (const one of days.slice(0, SHOWN)) print(`  ${one.day}  ${plural(one.rows, 'row')}`);
  if (days.length > SHOWN) print(`  and ${plural(days.length - SHOWN, 'day')} more (--output json lists all)`);
  if (otherRejects > 0)
    print(
      `${plural(otherRejects, 'more rejected line')} of ${table}: no row of theirs matches, or they cannot be read, and a line that cannot be read matches no condition.` +
        (text === undefined ? " To remove those that contain a text, too, add: --rejects-with 'TEXT'" : ''),
    );
  if (objects.length === 0) return;
  print(
    'Raw objects that hold such rows, or may. Daybook never changes them; rewrite or delete them, or a rebuild reads the rows again:',
  );
  for (const object of objects.slice(0, OBJECTS_SHOWN)) print(`  ${object}`);
  if (objects.length > OBJECTS_SHOWN)
    print(`  and ${plural(objects.length - OBJECTS_SHOWN, 'object')} more (--output json lists all)`);
}

function printDone({ table, days, rows, chunks, rejects, archives, stale }: EraseResult): void {
  print(
    `erased ${plural(rows, 'row')} of ${table} on ${plural(days, 'day')}, with ${plural(chunks, 'normalized object')}, ` +
      `${plural(rejects, 'reject')} and ${plural(archives, 'archive')}`,
  );
  const latest =
    stale
      .map(({ last }) => last)
      .sort()
      .at(-1) ?? '';
  for (const { first, last, kind, reason } of stale) {
    const what = `models of ${first === last ? first : `${first} to ${last}`} are not rebuilt (${reason}).`;
    print(
      kind === 'held'
        ? sentence(
            `${what} Release it: `,
            command.unhold(first),
            ', then rebuild it, and the days that look back on it: ',
            command.backfill(first, latest),
          )
        : kind === 'skipped'
          ? sentence(`${what} Rebuild them with an empty source: `, command.run(first, '--allow-empty'))
          : sentence(`${what} Rebuild them: `, command.backfill(first, last)),
    );
  }
}
