import type { App } from '../../app.js';
import type { DayResult } from '../../core/messages.js';
import { plural, size } from '../../core/words.js';
import { demoDays } from '../../local/demo/generate.js';
import { followDay } from '../follow.js';
import { startDay } from '../run.js';
import type { Page } from './page.js';

/** Steps that a newcomer wants to see below the listing; the history has the others too. */
const SHOWN = ['normalize', 'load', 'refresh', 'test', 'publish'];

/** What a pass over the days needs. */
export interface Pass {
  app: App;
  page: Page;
  /** Says on stderr what is running, as long as it runs. */
  running: (text: string) => void;
  /** Takes that away. */
  done: () => void;
  signal: AbortSignal;
}

/**
 * Runs every day of the demo through Temporal, oldest first, and prints what each did. Answers the days that were published.
 *
 * @throws the signal's reason once the running day has ended, where the signal aborts.
 */
export async function runDays(pass: Pass): Promise<string[]> {
  const published: string[] = [];
  for (const day of demoDays()) {
    pass.running(`${day}: running`);
    const result = await runDay(pass, day).finally(pass.done);
    show(pass.page, result);
    if (result.outcome === 'published') published.push(day);
  }
  return published;
}

/** A cancelled day cleans up behind itself, so it is awaited. */
async function runDay({ app, signal }: Pass, day: string): Promise<DayResult> {
  signal.throwIfAborted();
  const handle = await startDay(app, { day });
  const cancel = () => void handle.cancel().catch(() => undefined);
  if (signal.aborted) cancel(); // while it was being started
  signal.addEventListener('abort', cancel, { once: true });
  const end = await followDay(handle, day, 'nothing').finally(() => {
    signal.removeEventListener('abort', cancel);
  });
  signal.throwIfAborted();
  if (!end.ok) throw new DayFailed(end.message);
  return end.result;
}

/** A day of the demo did not end well; the message is the day's own. */
export class DayFailed extends Error {
  override name = 'DayFailed';
}

/** The listing stands beside the day; below it, what came of it. */
function show(page: Page, { day, outcome, listed, normalized, steps, tested, notes }: DayResult): void {
  const took = steps.find(({ step }) => step === 'list')?.ms;
  const found = `${plural(listed.objects, 'object')} listed · ${size(listed.bytes)} in ${plural(listed.chunks, 'chunk')}`;
  page.row(day, outcome === 'published' ? found : `${found} · ${outcome}`, took, 'bold');
  // New objects of a neighbouring folder are read before it is known that none of their rows is this day's.
  const shown = outcome === 'published' ? SHOWN : normalized.chunks > 0 ? ['normalize', 'load'] : [];
  for (const { step, what, ms } of steps.filter((one) => shown.includes(one.step)))
    if (step === 'normalize' && normalized.chunks === 0)
      page.row(`  ${step}`, 'all its chunks were normalized for the days beside it');
    else page.row(`  ${step}`, page.fit(what, ms), ms, step === 'test' && tested.warned.length > 0 ? 'yellow' : 'cyan');
  for (const note of notes) page.row('', note);
}
