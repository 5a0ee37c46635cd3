import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { App } from '../../app.js';
import { demoDays, lastMarker } from '../../local/demo/generate.js';
import { plural, sizeText } from '../../shared/format.js';
import type { DayProgress, DayResult } from '../../shared/workflows.js';
import { followDay } from '../common/follow/follow.js';
import { worded } from '../common/output.js';
import { startOrAttachDay } from '../common/start.js';
import type { Page } from './page.js';

/** Steps that the demo shows below the listing; the history has all of them. */
const SHOWN = ['wait', 'normalize', 'load', 'refresh', 'test', 'publish'];

/** Time between two queries of a waiting day, in milliseconds. */
const POLL_INTERVAL = 100;

/** The input of a pass over the days. */
export interface DemoPass {
  app: App;
  /** The bucket of the raw objects. */
  bucket: string;
  page: Page;
  /** Shows on stderr what is running. */
  running: (text: string) => void;
  /** Clears that line. */
  done: () => void;
  signal: AbortSignal;
}

/**
 * Runs every day of the demo through Temporal, oldest first, and prints what each did. Returns the published ones. The last day
 * waits for its source, as a nightly run does, until its marker object arrives.
 *
 * @throws the signal's reason if it aborts, once the running day has ended
 */
export async function runDemoDays(pass: DemoPass): Promise<DayResult[]> {
  const published: DayResult[] = [];
  const marker = lastMarker();
  const waiting = !(await pass.app.store.list(pass.bucket, marker.key)).some(({ key }) => key === marker.key);
  for (const day of demoDays()) {
    pass.running(`${day}: running`);
    const result = await runDemoDay(pass, day, waiting && day === demoDays().at(-1)).finally(pass.done);
    show(pass.page, result);
    if (result.outcome === 'published') published.push(result);
  }
  return published;
}

/** Runs one day. A cancelled day cleans up after itself, so it is awaited. */
async function runDemoDay({ app, bucket, page, signal }: DemoPass, day: string, wait: boolean): Promise<DayResult> {
  signal.throwIfAborted();
  const handle = await startOrAttachDay(app, { day, ...(wait ? { wait } : {}) });
  const cancel = () => void handle.cancel().catch(() => undefined);
  if (signal.aborted) cancel(); // while it was being started
  signal.addEventListener('abort', cancel, { once: true });
  if (wait) {
    page.row('', `${day} waits for its sources.`);
    for (const missing of await missingInputs(handle, signal)) page.note(missing);
    const { key, body } = lastMarker();
    await app.store.write(bucket, key, body);
  }
  const end = await followDay(handle, day, { show: 'nothing' }).finally(() => {
    signal.removeEventListener('abort', cancel);
  });
  signal.throwIfAborted();
  if (!end.ok) throw new DayFailed(worded(end.message));
  return end.result;
}

/** Waits until the day waits for its sources, and returns what is missing. */
async function missingInputs(handle: WorkflowHandle, signal: AbortSignal): Promise<string[]> {
  for (;;) {
    const { missing, step } = await handle.query<DayProgress>('progress');
    if (missing.length > 0 || signal.aborted || (step !== 'recover' && step !== 'wait')) return missing;
    await sleep(POLL_INTERVAL);
  }
}

/** A day of the demo failed; the message is the day's own. */
export class DayFailed extends Error {
  override name = 'DayFailed';
}

/** Prints the day with its listing, and its steps below. */
function show(page: Page, { day, outcome, listed, normalized, steps, tested, notes }: DayResult): void {
  const took = steps.find(({ step }) => step === 'list')?.ms;
  const found = `${plural(listed.objects, 'object')} listed · ${sizeText(listed.bytes)} in ${plural(listed.chunks, 'chunk')}`;
  page.row(day, outcome === 'published' ? found : `${found} · ${outcome}`, took, 'bold');
  // New objects of a neighbouring folder must be read to find out that they have no rows of this day.
  const shown = outcome === 'published' ? SHOWN : normalized.chunks > 0 ? ['normalize', 'load'] : [];
  for (const { step, what, ms } of steps.filter((one) => shown.includes(one.step)))
    if (step === 'normalize' && normalized.chunks === 0)
      page.row(`  ${step}`, 'all its chunks were already normalized for neighbouring days');
    else page.row(`  ${step}`, page.fit(what, ms), ms, step === 'test' && tested.warned.length > 0 ? 'yellow' : 'cyan');
  for (const note of notes) page.note(worded(note));
}
