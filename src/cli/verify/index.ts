import type { App } from '../../app.js';
import { openLedgerReport } from '../../ledger/report/index.js';
import type { ComparedTable } from '../../shared/build.js';
import { command } from '../../shared/commands.js';
import { addDays, dayIn, daysBetween, type Day } from '../../shared/day.js';
import { numberText, plural } from '../../shared/format.js';
import { sentence, type Text } from '../../shared/sentence.js';
import { verify } from '../../stage/verify.js';
import { localStep } from '../../step/step.js';
import { withApp, type ProjectOptions } from '../common/context.js';
import { runExclusive } from '../common/exclusive-run.js';
import type { Output } from '../common/options.js';
import { note, print, printJson } from '../common/output.js';
import { assertDays, assertRange } from '../common/wanted.js';

/** Compares the live tables with the ledger. */
async function verifyDays(app: App, first: Day, last: Day, output: Output): Promise<void> {
  const result = await verify(app.dependencies, { first, last }, localStep(app.dependencies));
  const { days, tables, differences, found, unreachable = [] } = result;
  if (found > 0) process.exitCode = 1;
  for (const node of unreachable) note(`The ClickHouse node ${node} does not answer and was not compared.`);
  if (output === 'json') {
    const missed = unreachable.length > 0 ? { unreachable } : {};
    printJson({ ok: found === 0, first, last, days, tables, found, differences, ...missed });
    return;
  }
  if (tables === 0 && found === 0) {
    print(await nothingText(app, first, last));
    return;
  }
  for (const { what } of differences) print(sentence('LiveDiffers: ', what));
  if (found > differences.length) print(`and ${numberText(found - differences.length)} more`);
  print(
    `${first === last ? first : `${first} to ${last}`}: ${plural(tables, 'published table')} compared with the ledger, ` +
      (found === 0 ? 'all as published' : plural(found, 'difference')),
  );
}

/** Says that there was nothing to compare, and which days there would be. */
async function nothingText(app: App, first: Day, last: Day): Promise<Text> {
  const known = await openLedgerReport(app.clickhouse, app.project.config.project).knownDays();
  const range = first === last ? first : `${first} to ${last}`;
  const nothing = `${range}: nothing is published, so nothing was compared. `;
  return known
    ? sentence(nothing, 'Known days: ', command.verify(known.first, known.last))
    : `${nothing}No day was ever published.`;
}

/** Outcome of a day without a publish, which is not rebuilt. */
const NOTHING = 'not published';

/** Rebuilds each published day in a stage and compares it, one after the other. */
async function rebuildDays(app: App, days: readonly Day[], output: Output, own: boolean): Promise<void> {
  const quiet = output === 'json';
  const results: { day: Day; outcome: string; compared?: ComparedTable[] | undefined; message?: Text }[] = [];
  const published = new Set(
    (await app.ledger.currentPublishes(days[0] ?? '', days.at(-1) ?? '')).map(({ day }) => day),
  );
  for (const day of days) {
    if (!published.has(day)) {
      results.push({ day, outcome: NOTHING });
      if (!quiet) print(`${day}: nothing is published, so nothing was compared`);
      continue;
    }
    const end = await runExclusive(
      app,
      { day, compare: true },
      { what: 'comparison', own, quiet, again: command.verifyRebuild(day) },
    );
    if (!end.ok || end.result.outcome === 'different') process.exitCode = 1;
    if (end.ok) {
      results.push({ day, outcome: end.result.outcome, compared: end.result.compared });
      if (!quiet) for (const text of end.result.notes) print(text);
    } else {
      results.push({ day, outcome: end.outcome, message: end.message });
      if (!quiet) note(end.message);
    }
    if (!quiet)
      print(`${day} ${end.ok && end.result.outcome === 'unchanged' ? 'equal' : (results.at(-1)?.outcome ?? '')}`);
  }
  if (quiet) printJson({ ok: process.exitCode !== 1, days: results });
}

interface VerifyOptions extends ProjectOptions {
  day?: Day | undefined;
  start?: Day | undefined;
  end?: Day | undefined;
  rebuild?: boolean | undefined;
  withWorker?: boolean | undefined;
  output: Output;
}

/** Compares the live tables with what was published; exit code 1 if something differs. */
export const verifyPublished = ({
  day,
  start,
  end,
  rebuild,
  withWorker,
  project,
  output,
}: VerifyOptions): Promise<void> =>
  withApp({ project }, async (app) => {
    const { timezone, lateDays } = app.project.config;
    assertDays(app, day, start, end);
    await app.ledger.assertReadable(app.project.config);
    const last = day ?? end ?? addDays(dayIn(timezone, new Date()), -1);
    const first = day ?? start ?? addDays(last, -lateDays);
    assertRange(first, last);
    if (rebuild) await rebuildDays(app, daysBetween(first, last), output, withWorker ?? false);
    else await verifyDays(app, first, last, output);
  });
