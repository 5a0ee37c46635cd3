import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { openApp, type App } from '../../app.js';
import { readEnv, type Env } from '../../env.js';
import { demoDays, lastMarker } from '../../local/demo/generate.js';
import { liveStack } from '../../local/live-stack.js';
import { progressOn } from '../../local/progress.js';
import { stackVariables, type Stack } from '../../local/stack-file.js';
import { startStack, stopStack } from '../../local/stack.js';
import { plural, sizeText } from '../../shared/format.js';
import { scheduleId } from '../../shared/names.js';
import type { DayResult } from '../../shared/workflows.js';
import { applySchedule } from '../../temporal/schedule.js';
import { apply } from '../apply/index.js';
import { onInterrupt, unlessAborted } from '../common/interrupt.js';
import { note } from '../common/output.js';
import { withWorker } from '../common/worker.js';
import { closing } from './closing.js';
import { runDemoDays, type DemoPass } from './days.js';
import { showEdit } from './edit.js';
import { missingObjects, rawObjects, upload } from './objects.js';
import { openPage, type Page } from './page.js';
import { picture } from './picture.js';

export interface DemoOptions {
  /** Folder of the stack. */
  dir: string;
  /** Whether the stack keeps running afterwards. */
  keep: boolean;
  /** Where executables are found and cached. */
  local: Pick<Env, 'local'>;
  /** The example project's folder. */
  project: string;
}

/** Time within which a detached supervisor records its pid, in milliseconds. */
const DETACHING = 3_000;

/**
 * Starts a stack, runs the days of the example shop, uploads a late object, and shows what readers see then. A stack that is
 * already running is used and keeps running; otherwise it stops with the demo, unless `keep` is set.
 *
 * @throws LocalStackError, DayFailed or Interrupted for failures other than bugs; the stack is stopped then
 */
export async function runDemo({ dir, keep, local, project }: DemoOptions): Promise<void> {
  const begun = performance.now();
  const page = openPage(process.stdout);
  const { signal } = onInterrupt(() => {
    note('Stopping: cancelling the running day, then the stack. Press Ctrl-C again to stop at once.');
  });
  page.print(
    page.paint('bold', 'Five days of a small shop: raw events in S3 become tested, published tables in ClickHouse.'),
  );
  page.print('This takes about half a minute. The first run may download or build programs, which takes minutes.\n');
  const found = (await liveStack(dir)) !== undefined;
  let up = found;
  let last: string[];
  try {
    // Generate while the stack starts and this process is idle. A failure is reported where the objects are used.
    rawObjects().catch(() => undefined);
    const stack = await begin(page, signal, { dir, keep, local, found });
    const app = await openApp(readEnv(stackVariables(stack)), project);
    try {
      await runProject(app, page, signal);
    } finally {
      await app.close();
    }
    page.row('total', 'this demo, including the start of its stack', performance.now() - begun);
    page.print();
    up ||= keep;
    last = closing(stack, { dir, up, database: app.project.config.database });
  } finally {
    if (!up) await stopStack(dir);
  }
  for (const line of last) page.print(line);
}

/** Starts the stack. An interrupted start is not awaited, unless it is detaching its processes. */
async function begin(
  page: Page,
  signal: AbortSignal,
  { dir, keep, local, found }: Omit<DemoOptions, 'project'> & { found: boolean },
): Promise<Stack> {
  const begun = performance.now();
  const { onProgress, done } = progressOn(process.stderr);
  const starting = startStack({ dir, env: local, detach: keep, onProgress });
  try {
    const { stack } = await unlessAborted(signal, starting).finally(done);
    const how = found ? 'found running' : 'started';
    page.row('stack', `Temporal, ClickHouse and S3 ${how} on 127.0.0.1, data in ${dir}/`, performance.now() - begun);
    return stack;
  } catch (error) {
    if (keep && signal.aborted) await Promise.race([starting.catch(() => undefined), sleep(DETACHING)]);
    throw error;
  }
}

/** Applies the project, runs both acts and prints the results. */
async function runProject(app: App, page: Page, signal: AbortSignal): Promise<void> {
  const { config } = app.project;
  const { bucket } = config.store;
  await prepare(app, page);
  const { onProgress: running, done } = progressOn(process.stderr);
  const pass: DemoPass = { app, page, running: process.stderr.isTTY ? running : () => undefined, done, signal, bucket };
  const [first, again] = await withWorker(app, async () => [await runAct(pass, 1), await runAct(pass, 2)]);
  if (first.length + again.length > 0) {
    page.print();
    await showEdit(app, page);
  }
  page.print();
  for (const sentence of verdict(first, again)) page.print(page.paint('bold', sentence));
  page.print();
  for (const line of await picture(app.clickhouse, config.database, demoDays())) page.print(line);
  page.print();
}

/** Summarizes what the two acts published. */
function verdict(first: readonly DayResult[], again: readonly DayResult[]): string[] {
  const all = demoDays().length;
  if (first.length + again.length === 0)
    return [`Nothing to do: all ${all} days are unchanged since they were published. Checking each took one listing.`];
  const [late, ...after] = again;
  const models = [...new Set(after.flatMap(({ published }) => published.map(({ table }) => table)))];
  const sentences = [
    first.length > 0 && `${first.length} of ${all} days published.`,
    late &&
      `The late object rebuilt ${late.day}` +
        (after.length > 0 ? `, and ${models.join(', ')} of the ${after.length} days that look back on it.` : '.'),
  ];
  return sentences.filter((one) => one !== false && one !== undefined);
}

async function prepare(app: App, page: Page): Promise<void> {
  const { config } = app.project;
  const begun = performance.now();
  const table = `created ${config.database}.`;
  const created = (await apply(app)).flatMap((line) => (line.startsWith(table) ? [line.slice(table.length)] : []));
  const took = performance.now() - begun;
  const tables = created.length === 0 ? 'match the project' : `created ${created.join(', ')}`;
  page.row('tables', page.fit(tables, took), took);
  const done = await applySchedule(await app.temporal(), config, {
    paused: true,
    note: 'Paused by the demo: no new events arrive here.',
  });
  const schedule = `${scheduleId(config.project)}, '${config.schedule}' in ${config.timezone}`;
  page.row('schedule', done === 'created' ? `${schedule}; created paused` : `${schedule}; ${done}`);
}

/** Uploads the objects of an act and runs the days. If the second act has nothing to upload, it does nothing. */
async function runAct(pass: DemoPass, number: 1 | 2): Promise<DayResult[]> {
  const { app, bucket, page } = pass;
  const begun = performance.now();
  const lacking = await missingObjects(app.store, bucket, number);
  if (lacking.length === 0 && number === 2) return [];
  // The marker of the last day is uploaded while the day waits for it.
  const missing = lacking.filter(({ key }) => key !== lastMarker().key);
  const bytes = await upload(app.store, bucket, missing);
  const took = performance.now() - begun;
  if (number === 2) {
    page.print();
    page.row('late object', `${missing.map(({ key }) => key).join(', ')} arrives: all days run again`, took);
  } else
    page.row(
      'raw events',
      missing.length === 0
        ? `all in s3://${bucket}/raw/ already`
        : `${plural(missing.length, 'object')} uploaded to s3://${bucket}/raw/ · ${sizeText(bytes)}`,
      took,
    );
  if (number === 1)
    page.row('', 'Each day reads three folders. Folders start at midnight UTC, days at midnight in Berlin.');
  page.print();
  return await runDemoDays(pass);
}
