import { Command } from '@commander-js/extra-typings';
import prettyBytes from 'pretty-bytes';
import type { TableVerdict } from '../../activities/judge.js';
import { bytesOf, planDay } from '../../activities/planning.js';
import type { App } from '../app.js';
import { addDays, dayIn, daysBetween, type Day } from '../core/day.js';
import type { Chunk } from '../core/messages.js';
import { isFinal, messageOf } from '../errors.js';
import { openLedgerReport } from '../io/ledger-report.js';
import { assertApplied } from '../project/apply.js';
import { withApp } from './context.js';
import { examples, note, outputOption, print, printJson, projectOption } from './output.js';
import { parseDay } from './run.js';

/** Days looked at where nobody says how many. */
const MOST = 31;
/** Commands shown. */
const NEXT_SHOWN = 5;

/** What a run of a day would do now. */
export interface DayForecast {
  day: Day;
  /** `code`: nothing but SQL differs, so only a forced run builds it. `fails`: a run could not even begin. */
  outcome: 'build' | 'code' | 'unchanged' | 'skipped' | 'fails';
  /** Tables that are not as they would be made now, upstream first. */
  tables: Pick<TableVerdict, 'table' | 'staleness' | 'reason'>[];
  /** Raw objects that would be normalized, and their bytes. */
  toRead: { objects: number; bytes: number };
  notes: string[];
  /** What a person types; '' where nothing is to be done. */
  command: string;
}

interface Forecast {
  days: DayForecast[];
  /** Over all days: a chunk that two days need is read once. */
  toRead: { chunks: number; objects: number; bytes: number };
}

/** Judges the days in ascending order, as a night would run them: a day that is built anew moves those that look back on it. */
export async function forecast(app: App, first: Day, last: Day): Promise<Forecast> {
  const { dependencies: deps, ledger } = app;
  const project = await deps.loadProject();
  const schema = await deps.readSchema(project);
  await assertApplied(schema, app.clickhouse, project.config.database);
  const open = new Set((await ledger.openIntents(first, last)).map(({ day }) => day));
  const moving = new Set<string>();
  const todo = new Map<string, Chunk>();
  const days: DayForecast[] = [];
  for (const day of daysBetween(first, last)) {
    const run = `npx daybook run --day ${day}`;
    const left = open.has(day) ? ['its publish was left open by a crash, and is ended first'] : [];
    try {
      const planned = await planDay(deps, { project, schema, day, force: false, moving });
      const { tables, notes } = planned.verdict;
      const stale = tables.filter(({ staleness }) => staleness !== 'fresh');
      const outcome = planned.outcome === 'unchanged' && stale.length > 0 ? 'code' : planned.outcome;
      const chunks =
        outcome === 'build'
          ? planned.plan.sources.flatMap((source) =>
              source.chunks
                .filter(({ recorded }) => !recorded)
                .map((chunk) => [`${source.name}/${chunk.id}`, chunk] as const),
            )
          : [];
      for (const [id, chunk] of chunks) todo.set(id, chunk);
      if (outcome === 'build')
        for (const { table, staleness } of stale) if (staleness !== 'code') moving.add(`${table}@${day}`);
      days.push({
        day,
        outcome,
        tables: stale.map(({ table, staleness, reason }) => ({ table, staleness, reason })),
        toRead: sizeOf(chunks.map(([, chunk]) => chunk)),
        notes: [...left, ...planned.listings.flatMap((listing) => listing.notes), ...(outcome === 'code' ? [] : notes)],
        command: outcome === 'code' ? `${run} --force` : outcome === 'build' || left.length > 0 ? run : '',
      });
    } catch (error) {
      if (!isFinal(error)) throw error;
      days.push({
        day,
        outcome: 'fails',
        tables: [],
        toRead: { objects: 0, bytes: 0 },
        notes: [...left, messageOf(error)],
        command: left.length > 0 ? run : '',
      });
    }
  }
  return { days, toRead: { chunks: todo.size, ...sizeOf([...todo.values()]) } };
}

const sizeOf = (chunks: readonly Chunk[]) => ({
  objects: chunks.reduce((sum, { objects }) => sum + objects.length, 0),
  bytes: bytesOf(chunks),
});

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

const OUTCOMES: Record<DayForecast['outcome'], string> = {
  build: 'build',
  code: 'stale (code)',
  unchanged: 'unchanged',
  skipped: 'skipped',
  fails: 'would fail',
};

function textOf({ days, toRead }: Forecast, earlier: number): string {
  const next = days.flatMap(({ command }) => (command === '' ? [] : [command]));
  return [
    ...days.flatMap(({ day, outcome, tables, toRead: read, notes }) => [
      `${day}  ${OUTCOMES[outcome]}${read.objects > 0 ? `, ${amount(read)} to read` : ''}`,
      ...tables.map(({ reason }) => `            ${reason}`),
      ...notes.map((one) => `            ${one}`),
    ]),
    ...(earlier > 0 ? [`${earlier} earlier days were not looked at: npx daybook plan --start YYYY-MM-DD`] : []),
    `To read: ${amount(toRead)} in ${toRead.chunks} chunks. Nothing was changed.`,
    ...(next.length > 0 ? ['Next:', ...next.slice(0, NEXT_SHOWN).map((command) => `  ${command}`)] : []),
    ...(next.length > NEXT_SHOWN ? [`  and ${next.length - NEXT_SHOWN} more`] : []),
  ].join('\n');
}

const amount = ({ objects, bytes }: { objects: number; bytes: number }) =>
  `${objects} ${objects === 1 ? 'object' : 'objects'}, ${prettyBytes(bytes, { binary: true })}`;

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
        await app.ledger.assertReadable();
        const { first, last, earlier } = await rangeOf(app, asked);
        if (first > last) note(`There is no day from ${first} to ${last}.`);
        const found = await forecast(app, first, last);
        if (output === 'json') printJson({ project: app.project.config.project, first, last, earlier, ...found });
        else print(textOf(found, earlier));
      });
    });
