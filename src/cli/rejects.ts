import { Command } from '@commander-js/extra-typings';
import type { App } from '../app.js';
import { sumAccounts } from '../core/accounts.js';
import { number, plural } from '../core/format.js';
import { final } from '../errors.js';
import { openLedgerReport } from '../io/ledger-report.js';
import type { RejectRecord } from '../io/ledger.js';
import { withApp } from './context.js';
import { parseWhole } from './options.js';
import { examples, outputOption, print, printJson, projectOption } from './output.js';
import { runForItself } from './own-run.js';
import { parseDay, report } from './run.js';
import { reasonsText } from './status-text.js';
import { cut, printable, terminalWidth } from './text.js';
import { objectAccounts, ofFolder, usedChunks } from './used-chunks.js';

/** Rejected lines shown without `--limit`. */
const LIMIT = 50;
/** Reasons shown before the rest is only counted. */
const REASONS_SHOWN = 20;

/** Rejected lines of one source's folder. */
interface Rejects {
  source: string;
  folder: string;
  /** Lines of the folder, and how many of them were rejected. */
  lines: number;
  rejected: number;
  reasons: { reason: string; lines: number }[];
  rows: RejectRecord[];
}

/**
 * Rejects of folder D in the chunks that the day's newest build used, whether or not it came to publish: a day that failed for
 * too many rejects shows them too. Rejects belong to their chunk, so those of an older listing or an older SELECT don't count.
 */
async function rejectsOf(app: App, day: string, only: string | undefined, limit: number): Promise<Rejects[]> {
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

function textOf({ source, folder, lines, rejected, reasons, rows }: Rejects): string {
  const head = `${source}, folder ${folder}: ${number(rejected)} of ${plural(lines, 'line')} rejected`;
  if (rejected === 0) return head;
  const width = terminalWidth();
  const each = rows.flatMap(({ object, line, reason, text }) => [
    `${printable(object)}:${line}  ${cut(reason, width)}`,
    `    ${cut(text, width - 4)}`,
  ]);
  const rest = rejected - rows.length;
  return [
    head,
    ...reasonsText(reasons, REASONS_SHOWN),
    ...(each.length > 0 ? ['', ...each] : []),
    ...(rest > 0 ? ['', `${number(rest)} more: --limit ${rejected}, or --output json for their whole text`] : []),
  ].join('\n');
}

function assertSource(app: App, source: string | undefined): void {
  const known = Object.keys(app.project.config.sources);
  if (source !== undefined && !known.includes(source))
    throw final('BadConfig', `${app.project.config.project} has no source '${source}'; it has ${known.join(', ')}.`);
}

/** `daybook rejects retry`: exit code 0 where the day is published or nothing changed, 1 where it failed. */
const retryCommand = () =>
  new Command('retry')
    .description("Feed a day's rejects and quarantined objects again, and republish the day")
    .requiredOption('--day <YYYY-MM-DD>', 'the day whose folder holds them', parseDay)
    .option('--with-worker', 'run a worker in this process meanwhile')
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        [
          'daybook rejects retry --day 2026-11-05',
          'after a dictionary was mended: only the chunks that hold rejects are normalized again',
        ],
        [
          'daybook rejects retry --day 2026-11-05 --with-worker',
          "after a fix of the SQL: all chunks of the day, because a day is never a mixture of two SELECTs' rows",
        ],
      ),
    )
    .action(({ day, withWorker: own = false, project, output }) =>
      withApp({ project }, async (app) => {
        await app.ledger.assertReadable();
        const quiet = output === 'json';
        const input = { day, code: true, retry: new Date().toISOString() };
        report(day, output, await runForItself(app, input, { what: 'retry of rejects', own, quiet }));
      }),
    );

export const rejectsCommand = () =>
  new Command('rejects')
    .addCommand(retryCommand())
    .description('Show the raw lines of a day that could not become rows, and why')
    // Not a required option, which `rejects retry` would have to have twice.
    .option('--day <YYYY-MM-DD>', 'the day whose folder is asked for (needed)', parseDay)
    .option('--source <name>', 'only this source')
    .option('--limit <lines>', 'lines shown of each source; reasons count all of them', parseWhole(0), LIMIT)
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        ['daybook rejects --day 2026-11-05', 'also where the day failed and nothing was published'],
        ['daybook rejects --day 2026-11-05 --source events --limit 0', 'the reasons alone'],
        ["daybook rejects --day 2026-11-05 --output json | jq -r '.sources[].rows[].text'", 'the raw lines'],
      ),
    )
    .action(({ day, source, limit, project, output }, command) => {
      if (day === undefined) return command.error("error: required option '--day <YYYY-MM-DD>' not specified");
      return withApp({ project }, async (app) => {
        assertSource(app, source);
        await app.ledger.assertReadable();
        const sources = await rejectsOf(app, day, source, limit);
        if (output === 'json') printJson({ project: app.project.config.project, day, sources });
        else if (sources.length === 0) print(`${day} was never built. Build it: npx daybook run --day ${day}`);
        else print(sources.map(textOf).join('\n\n'));
      });
    });
