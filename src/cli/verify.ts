import { Command } from '@commander-js/extra-typings';
import { verify } from '../../activities/verify.js';
import type { App } from '../app.js';
import { localStep } from '../build/step.js';
import { addDays, dayIn, daysBetween, type Day } from '../core/day.js';
import { number, plural } from '../core/format.js';
import type { ComparedTable } from '../core/messages.js';
import { assertWanted } from '../project/wanted.js';
import { withApp } from './context.js';
import { examples, note, outputOption, print, printJson, projectOption } from './output.js';
import { runForItself } from './own-run.js';
import { parseDay } from './run.js';

/** Live tables against the ledger. */
async function verifyDays(app: App, first: Day, last: Day, output: 'text' | 'json'): Promise<void> {
  const result = await verify(app.dependencies, { first, last }, localStep(app.dependencies));
  const { days, tables, differences, found } = result;
  if (found > 0) process.exitCode = 1;
  if (output === 'json') {
    printJson({ ok: found === 0, first, last, days, tables, found, differences });
    return;
  }
  for (const { what } of differences) print(`LiveDiffers: ${what}`);
  if (found > differences.length) print(`and ${number(found - differences.length)} more`);
  print(
    `${first} to ${last}: ${plural(tables, 'published table')} compared with the ledger, ` +
      (found === 0 ? 'all as they were published' : plural(found, 'difference')),
  );
}

/** Each day built aside and compared, one after the other. */
async function rebuildDays(app: App, days: readonly Day[], output: 'text' | 'json', own: boolean): Promise<void> {
  const quiet = output === 'json';
  const told: { day: Day; outcome: string; compared?: ComparedTable[] | undefined; message?: string }[] = [];
  for (const day of days) {
    const end = await runForItself(app, { day, compare: true }, { what: 'comparison', own, quiet });
    if (!end.ok || end.result.outcome === 'different') process.exitCode = 1;
    if (end.ok) {
      told.push({ day, outcome: end.result.outcome, compared: end.result.compared });
      if (!quiet) for (const text of end.result.notes) print(text);
    } else {
      told.push({ day, outcome: end.outcome, message: end.message });
      if (!quiet) note(end.message);
    }
    if (!quiet)
      print(`${day} ${end.ok && end.result.outcome === 'unchanged' ? 'equal' : (told.at(-1)?.outcome ?? '')}`);
  }
  if (quiet) printJson({ ok: process.exitCode !== 1, days: told });
}

/** `daybook verify`: exit code 0 where readers have what was published, 1 where something differs. */
export const verifyCommand = () =>
  new Command('verify')
    .description('Check that readers have what was published: rows and fingerprint of each day, against the ledger')
    .option('--day <YYYY-MM-DD>', 'one day', parseDay)
    .option('--start <YYYY-MM-DD>', 'the first day (default: as many days as nights look at again)', parseDay)
    .option('--end <YYYY-MM-DD>', 'the last day (default: yesterday)', parseDay)
    .option('--rebuild', 'also build each day aside from its sources, and compare; publishes nothing')
    .option('--with-worker', 'with --rebuild: run a worker in this process meanwhile')
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        ['daybook verify', 'changes nothing; a difference names table and day, and the command that mends it'],
        ['daybook verify --start 2026-11-01 --end 2026-11-30'],
        ['daybook verify --day 2026-11-05 --rebuild', "is the day what today's SQL makes of its objects?"],
      ),
    )
    .action(({ day, start, end, rebuild = false, withWorker: own = false, project, output }, command) => {
      if (day !== undefined && (start ?? end) !== undefined)
        command.error("error: '--day' is one day, '--start' and '--end' are a range; give one of them");
      return withApp({ project }, async (app) => {
        const { timezone, lateDays } = app.project.config;
        for (const one of [day, start, end]) if (one !== undefined) assertWanted(app.project.config, one, new Date());
        await app.ledger.assertReadable();
        const last = day ?? end ?? addDays(dayIn(timezone, new Date()), -1);
        const first = day ?? start ?? addDays(last, -lateDays);
        if (first > last) note(`There is no day from ${first} to ${last}.`);
        else if (rebuild) await rebuildDays(app, daysBetween(first, last), output, own);
        else await verifyDays(app, first, last, output);
      });
    });
