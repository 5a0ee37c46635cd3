import type { App } from '../../app.js';
import { textOf } from '../../errors.js';
import { openLedgerReport } from '../../ledger/report/index.js';
import { findRemoved, removedText } from '../../project/leftovers.js';
import { addDays, dayIn } from '../../shared/day.js';
import { sentence } from '../../shared/sentence.js';
import { runningDays } from '../../temporal/client.js';
import { withApp, type ProjectOptions } from '../common/context.js';
import type { Output } from '../common/options.js';
import { note, print, printJson } from '../common/output.js';
import { assertDays } from '../common/wanted.js';
import { detailDay } from './day-detail.js';
import { daysToShow, reportDays, withRunning, type Running } from './day-report.js';
import { folderQuestions, type FolderQuestions } from './folder-questions.js';
import { detailText, overviewText } from './text.js';

/** Time to connect to Temporal before the status is taken from the ledger alone, in milliseconds. */
const TEMPORAL_WITHIN = 2_500;

/** Asks Temporal which days are running. Everything else is in the ledger, so an unreachable Temporal is only reported. */
async function askTemporal(app: App): Promise<Running> {
  try {
    const client = await app.temporal(TEMPORAL_WITHIN);
    return { days: await runningDays(client, app.project.config.project), message: undefined };
  } catch (error) {
    return { days: undefined, message: textOf(error) };
  }
}

async function overview(app: App, running: Promise<Running>, count: number, output: Output): Promise<void> {
  const { project, timezone: zone, start } = app.project.config;
  const report = openLedgerReport(app.clickhouse, project);
  const today = dayIn(zone, new Date());
  // A later day can only be a mistake, and would hide all others.
  const recorded = withRunning(await report.recordedDays(today), (await running).days ?? []);
  const range = daysToShow({ start, recorded, yesterday: addDays(today, -1), count });
  const asked = folderQuestions(app, range.shown);
  const [days, removed] = await Promise.all([
    range.shown.length > 0 ? reportDays(app, report, { days: range.shown, running, asked }) : [],
    findRemoved(app.clickhouse, app.project),
  ]);
  const services = [await running, await asked] as const;
  if (output === 'json') {
    const { gaps, earlier, missing } = range;
    printJson({ project, zone, days, gaps, earlier, missing: missing ?? null, removed, ...servicesJson(services) });
    return;
  }
  const normalized = app.project.normalized.map(({ name }) => name);
  print(overviewText({ project, zone, normalized, range, days }));
  for (const table of removed) print(removedText(app.project.config.database, table));
  reportUnreachable(services);
}

async function detail(
  app: App,
  running: Promise<Running>,
  { day, accounts, output }: { day: string; accounts: boolean; output: Output },
): Promise<void> {
  const { project, timezone: zone } = app.project.config;
  const report = openLedgerReport(app.clickhouse, project);
  const asked = folderQuestions(app, [day]);
  const [line] = await reportDays(app, report, { days: [day], running, asked });
  if (!line) throw new RangeError(`no report of ${day}`);
  // A day that should not exist is shown only if something is recorded of it.
  if (line.state === 'not built' && line.published.length === 0) assertDays(app, day);
  const found = await detailDay(app, report, line, accounts);
  const services = [await running, await asked] as const;
  if (output === 'json') printJson({ project, zone, ...found, ...servicesJson(services) });
  else {
    print(detailText(project, zone, found));
    reportUnreachable(services);
  }
}

/** The responses of Temporal and of the store. */
type Services = readonly [Running, FolderQuestions];

const servicesJson = ([temporal, store]: Services) => ({
  temporal: { answers: temporal.days !== undefined, message: temporal.message ?? null },
  store: { answers: store.message === undefined, message: store.message ?? null },
});

function reportUnreachable([temporal, store]: Services): void {
  if (temporal.message !== undefined) note(sentence('Running days are unknown. ', temporal.message));
  if (store.message !== undefined) note(sentence('Rewritten folders are unknown. ', store.message));
}

interface StatusOptions extends ProjectOptions {
  day?: string | undefined;
  accounts?: boolean | undefined;
  /** How many of the newest days to show. */
  days: number;
  output: Output;
}

/** Prints the state of the days, or of one day in detail. */
export const showStatus = ({ day, accounts = false, days, project, output }: StatusOptions): Promise<void> =>
  withApp({ project }, async (app) => {
    const readable = app.ledger.assertReadable(app.project.config);
    // Load Temporal's client while the ledger responds. A failure of Temporal is reported, not thrown.
    const running = askTemporal(app);
    await readable;
    await (day === undefined ? overview(app, running, days, output) : detail(app, running, { day, accounts, output }));
  });
