import { Command } from '@commander-js/extra-typings';
import type { App } from '../app.js';
import { addDays, dayIn } from '../core/day.js';
import { messageOf } from '../errors.js';
import { openLedgerReport } from '../io/ledger-report.js';
import { runningDays } from '../io/temporal.js';
import { withApp } from './context.js';
import { detailDay } from './day-detail.js';
import { daysToShow, reportDays, type Running } from './day-report.js';
import { parseWhole } from './options.js';
import { examples, note, outputOption, print, printJson, projectOption } from './output.js';
import { parseDay } from './run.js';
import { detailText, overviewText } from './status-text.js';

/** Days shown without `--days`. */
const DAYS = 14;
/** How long Temporal may take to be reached before the ledger alone has to do, in milliseconds. */
const TEMPORAL_WITHIN = 2_500;

/** The days that run now. The ledger knows everything else, so an unreachable Temporal is worth a word and no more. */
async function askTemporal(app: App): Promise<Running> {
  try {
    const client = await app.temporal(TEMPORAL_WITHIN);
    return { days: await runningDays(client, app.project.config.project), message: undefined };
  } catch (error) {
    return { days: undefined, message: messageOf(error) };
  }
}

async function overview(app: App, count: number, output: 'text' | 'json'): Promise<void> {
  const { project, timezone: zone, start } = app.project.config;
  const report = openLedgerReport(app.clickhouse, project);
  const today = dayIn(zone, new Date());
  // A later one can only be a mistake of the past, and would push all others out.
  const [running, recorded] = await Promise.all([askTemporal(app), report.knownDays(today)]);
  const yesterday = addDays(today, -1);
  const range = daysToShow({ start, known: recorded, yesterday, count });
  const days = range.shown ? await reportDays(app, report, { ...range.shown, running }) : [];
  if (output === 'json') {
    const { earlier, missing } = range;
    printJson({ project, zone, days, earlier, missing: missing ?? null, temporal: temporalJson(running) });
    return;
  }
  const normalized = app.project.normalized.map(({ name }) => name);
  print(overviewText({ project, zone, normalized, range, days }));
  sayUnreachable(running);
}

async function detail(app: App, day: string, accounts: boolean, output: 'text' | 'json'): Promise<void> {
  const { project, timezone: zone } = app.project.config;
  const report = openLedgerReport(app.clickhouse, project);
  const running = await askTemporal(app);
  const [line] = await reportDays(app, report, { first: day, last: day, running });
  if (!line) throw new RangeError(`no report of ${day}`);
  const found = await detailDay(app, report, line, accounts);
  if (output === 'json') printJson({ project, zone, ...found, temporal: temporalJson(running) });
  else {
    print(detailText(project, zone, found));
    sayUnreachable(running);
  }
}

const temporalJson = ({ days, message }: Running) => ({ answers: days !== undefined, message: message ?? null });

function sayUnreachable({ message }: Running): void {
  if (message !== undefined) note(`Which days run now is not known. ${message}`);
}

/** `daybook status` reports, whatever it finds: exit code 0 also for failed days; 1 and 2 mean that it could not report. */
export const statusCommand = () =>
  new Command('status')
    .description('Show how the days stand: outcome, rows, rejects, and what to type next')
    .option('--day <YYYY-MM-DD>', 'one day, with its tables, tests and rejects', parseDay)
    .option('--accounts', 'with --day: what became of every raw line')
    .option('--days <count>', 'how many of the newest days to show', parseWhole(1), DAYS)
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        ['daybook status', 'exit code 0 also where a day failed: it reports, `run` judges'],
        ['daybook status --day 2026-11-05 --accounts'],
        [`daybook status --output json | jq -r '.days[] | select(.state == "failed") | .day'`],
      ),
    )
    .action(({ day, accounts, days, project, output }, command) => {
      if (accounts && day === undefined) command.error("error: '--accounts' needs '--day <YYYY-MM-DD>'");
      return withApp({ project }, async (app) => {
        await app.ledger.assertReadable();
        await (day === undefined ? overview(app, days, output) : detail(app, day, accounts ?? false, output));
      });
    });
