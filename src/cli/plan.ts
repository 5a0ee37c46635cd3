import { Command } from '@commander-js/extra-typings';
import type { App } from '../app.js';
import { addDays, dayIn, daysBetween, type Day } from '../core/day.js';
import { openLedgerReport } from '../io/ledger-report.js';
import { assertWanted } from '../project/wanted.js';
import { withApp } from './context.js';
import { forecast, forecastText } from './forecast.js';
import { examples, note, outputOption, print, printJson, projectOption } from './output.js';
import { parseDay } from './run.js';

/** Days looked at where nobody says how many. */
const MOST = 31;
/** The days asked for; else those that should exist, up to yesterday, the newest ones where there are too many. */
async function rangeOf(app: App, asked: { day?: Day | undefined; start?: Day | undefined; end?: Day | undefined }) {
  if (asked.day !== undefined) return { first: asked.day, last: asked.day, earlier: 0 };
  const { start, timezone, project } = app.project.config;
  const last = asked.end ?? addDays(dayIn(timezone, new Date()), -1);
  if (asked.start !== undefined) return { first: asked.start, last, earlier: 0 };
  const known = await openLedgerReport(app.clickhouse, project).knownDays();
  const origin = [start, known?.first].filter((day) => day !== undefined).sort()[0] ?? last;
  const window = addDays(last, 1 - MOST);
  const first = origin > window ? origin : window;
  return { first, last, earlier: Math.max(0, daysBetween(origin, first).length - 1) };
}

export const planCommand = () =>
  new Command('plan')
    .description('Show which days and tables a run would build now, and why; changes nothing')
    .option('--day <YYYY-MM-DD>', 'one day', parseDay)
    .option('--start <YYYY-MM-DD>', `the first day (default: the project's start, ${MOST} days at most)`, parseDay)
    .option('--end <YYYY-MM-DD>', 'the last day (default: yesterday)', parseDay)
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        ['daybook plan'],
        ['daybook plan --start 2026-11-01 --end 2026-11-30'],
        [
          `daybook plan --output json | jq -r '.days[] | select(.outcome == "code") | .day'`,
          'days that differ by SQL alone',
        ],
      ),
    )
    .action(({ project, output, ...asked }, command) => {
      if (asked.day !== undefined && (asked.start ?? asked.end) !== undefined)
        command.error("error: '--day' is one day, '--start' and '--end' are a range; give one of them");
      return withApp({ project }, async (app) => {
        for (const day of [asked.day, asked.start, asked.end])
          if (day !== undefined) assertWanted(app.project.config, day, new Date());
        await app.ledger.assertReadable();
        const { first, last, earlier } = await rangeOf(app, asked);
        if (first > last) note(`There is no day from ${first} to ${last}.`);
        const found = await forecast(app, daysBetween(first, last));
        if (output === 'json') printJson({ project: app.project.config.project, first, last, earlier, ...found });
        else {
          const next = found.days.flatMap(({ command }) => (command === '' ? [] : [command]));
          print(forecastText(found, earlier, next));
        }
      });
    });
