import type { App } from '../../app.js';
import { final } from '../../errors.js';
import type { RejectRecord } from '../../ledger/records.js';
import { openLedgerReport } from '../../ledger/report/index.js';
import { sumAccounts } from '../../shared/accounts.js';
import { command } from '../../shared/commands.js';
import { numberText, plural } from '../../shared/format.js';
import { sentence } from '../../shared/sentence.js';
import { withApp, type ProjectOptions } from '../common/context.js';
import { runExclusive } from '../common/exclusive-run.js';
import type { Output } from '../common/options.js';
import { print, printJson } from '../common/output.js';
import { report } from '../common/report.js';
import { shorten, printable, terminalWidth } from '../common/text.js';
import { objectAccounts, ofFolder, usedChunks } from '../common/used-chunks.js';
import { assertDays, assertRunnable } from '../common/wanted.js';
import { reasonsText } from '../status/text.js';

/** Reasons that are shown; the rest are only counted. */
const REASONS_SHOWN = 20;

/** Rejected lines of one source's folder. */
interface Rejects {
  source: string;
  folder: string;
  /** All lines of the folder. */
  lines: number;
  rejected: number;
  reasons: { reason: string; lines: number }[];
  rows: RejectRecord[];
}

/**
 * Reads the rejects of folder D from the chunks of the day's newest build, published or not, so that a day that failed because
 * of too many rejects shows them too. Rejects of an older listing or SELECT belong to other chunks and don't count.
 */
async function rejectsBySource(app: App, day: string, only: string | undefined, limit: number): Promise<Rejects[]> {
  const report = openLedgerReport(app.clickhouse, app.project.config.project);
  const build = (await report.plans(day, day)).get(day)?.newest ?? null;
  const { sources } = await usedChunks(app, report, day, build);
  const found: Rejects[] = [];
  for (const { source, chunks } of sources) {
    if (only !== undefined && source !== only) continue;
    const own = ofFolder(chunks, day);
    const { lines, rejected } = sumAccounts(await objectAccounts(app, source, own));
    found.push({
      source,
      folder: day,
      lines,
      rejected,
      reasons: rejected > 0 ? await report.rejectReasons(source, day, own) : [],
      rows: rejected > 0 ? await app.ledger.rejectsOf(source, day, own, limit) : [],
    });
  }
  return found;
}

function sourceText({ source, folder, lines, rejected, reasons, rows }: Rejects): string {
  const head = `${source}, folder ${folder}: ${numberText(rejected)} of ${plural(lines, 'line')} rejected`;
  if (rejected === 0) return head;
  const width = terminalWidth();
  const each = rows.flatMap(({ object, line, reason, text }) => [
    `${printable(object)}:${line}  ${shorten(reason, width)}`,
    `    ${shorten(text, width - 4)}`,
  ]);
  const rest = rejected - rows.length;
  return [
    head,
    ...reasonsText(reasons, REASONS_SHOWN),
    ...(each.length > 0 ? ['', ...each] : []),
    ...(rest > 0 ? ['', `${numberText(rest)} more: use --limit ${rejected}, or --output json for the full text`] : []),
  ].join('\n');
}

function assertSource(app: App, source: string | undefined): void {
  const known = Object.keys(app.project.config.sources);
  if (source !== undefined && !known.includes(source))
    throw final(
      'BadConfig',
      `${app.project.config.project} has no source '${source}'. Its sources: ${known.join(', ')}.`,
    );
}

interface RejectsOptions extends ProjectOptions {
  day: string;
  source?: string | undefined;
  /** Lines to show per source. */
  limit: number;
  output: Output;
}

/** Prints the rejected lines of a day's folder and their reasons. */
export const showRejects = ({ day, source, limit, project, output }: RejectsOptions): Promise<void> =>
  withApp({ project }, async (app) => {
    assertSource(app, source);
    await app.ledger.assertReadable(app.project.config);
    const sources = await rejectsBySource(app, day, source, limit);
    if (output === 'json') printJson({ project: app.project.config.project, day, sources });
    else if (sources.length === 0) {
      assertDays(app, day);
      print(sentence(`${day} was never built. Build it: `, command.run(day)));
    } else print(sources.map(sourceText).join('\n\n'));
  });

interface RetryOptions extends ProjectOptions {
  day: string;
  withWorker?: boolean | undefined;
  output: Output;
}

/** Normalizes the chunks with rejects again and republishes the day, in a run of the day's workflow. */
export const startRetry = ({ day, withWorker: own = false, project, output }: RetryOptions): Promise<void> =>
  withApp({ project }, async (app) => {
    await assertRunnable(app, day);
    const quiet = output === 'json';
    const input = { day, code: true, retry: new Date().toISOString() };
    report(
      day,
      output,
      await runExclusive(app, input, {
        what: 'retry of rejects',
        own,
        quiet,
        again: command.rejectsRetry(day),
      }),
    );
  });
