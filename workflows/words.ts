import type { AlertInput } from '../activities/alert/index.js';
import type { CompareResult } from '../activities/compare/index.js';
import type { ListResult } from '../activities/list/index.js';
import type { PublishResult } from '../activities/publish/index.js';
import type { RecoverResult } from '../activities/recover/index.js';
import type { RollbackResult } from '../activities/rollback/index.js';
import type { SweepResult } from '../activities/sweep/index.js';
import type { VerifyResult } from '../activities/verify/index.js';
import type { ComparedTable, Touched } from '../src/shared/build.js';
import { commandsIn, withCommand } from '../src/shared/commands.js';
import { duration, number, plural, size } from '../src/shared/format.js';
import type { DayResult, StepTold, BackfillProgress } from '../src/shared/workflows.js';

const list = (parts: readonly (string | false)[]) => parts.filter((part) => part !== false).join(' · ');

/** Summaries of activities. The Web UI shows each behind the activity's name: `normalize • chunk 3 of 12 · 118 MiB`. */
export const summary = {
  day: (day: string) => `day ${day}`,
  survey: () => 'which days this night is for',
  recover: (day: string) => `look for a publish of ${day} that a crash left open`,
  outline: (start: string, end: string) => `which days from ${start} to ${end} are run`,
  attend: (day: string) => `${day} is running already: wait until it has ended`,
  look: (count: number) => `whether ${plural(count, 'day')} of other runs ${count === 1 ? 'has' : 'have'} ended`,
  wait: (day: string) => `until the sources of ${day} are complete`,
  list: (day: string) => `objects that may hold rows of ${day}`,
  normalize: (position: number, of: number, bytes: number | undefined) =>
    list([`chunk ${position + 1} of ${of}`, bytes !== undefined && size(bytes)]),
  lookBack: (table: string, day: string) => `copy the days before ${day} that are read of ${table}`,
  load: (table: string, day: string) => `${table} of ${day}`,
  refresh: (table: string, day: string) => `${table} of ${day}`,
  test: (count: number) => `${plural(count, 'test')} on the stage`,
  testPublished: (count: number, day: string) => `${plural(count, 'test')} on the published tables of ${day}`,
  publish: (count: number, day: string) => `${plural(count, 'table')} of ${day}`,
  compare: (day: string) => `a rebuild of ${day} with what readers have`,
  planRollback: (day: string) => `find the publish of ${day} to restore`,
  rollback: (target: number, count: number, day: string) =>
    `roll ${day} back to ${target === 0 ? 'no rows' : `generation ${target}`}: ${plural(count, 'table')}`,
  verify: (first: string, last: string) => `the live tables of ${first} to ${last} against the ledger`,
  sweepOld: () => 'clean up what is old',
  sweep: (day: string) => `what ${day} leaves behind, and what is old`,
  conclude: (outcome: string) => `the outcome: ${outcome}`,
  audit: () => 'what the night leaves to people',
  alert: ({ kind, day }: AlertInput) => list([kind, day]),
  sleep: (missing: readonly string[]) => `not complete yet: ${missing.join('; ')}`,
};

/** The details of a day that another workflow started, in Markdown. */
export const startedBy = (workflowId: string, day: string): string =>
  `Started by \`${workflowId}\`. Once more: \`npx daybook run --day ${day}\``;

/** What a step did, once it has. */
export const told = {
  recover: ({ mended }: RecoverResult) =>
    mended
      ? `generation ${mended.generation} was left open and is ${mended.how} (${plural(mended.tables, 'table')})`
      : 'nothing was left open',
  list: ({ outcome, objects, bytes, chunks, todo, reasons, untested = [] }: ListResult) =>
    outcome === 'held'
      ? 'held as it is: nothing was looked at'
      : list([
          plural(objects, 'object'),
          size(bytes),
          outcome === 'build' ? `${plural(chunks, 'chunk')}, ${number(todo)} to normalize` : plural(chunks, 'chunk'),
          outcome === 'unchanged' ? 'nothing changed' : reasons.join('; ') || false,
          untested.length > 0 && `${plural(untested.length, 'test')} to run`,
        ]),
  normalize: ({ chunks, lines, rows, rejected, skipped, blank, quarantined }: DayResult['normalized']) =>
    chunks === 0
      ? 'nothing to do'
      : list([
          plural(chunks, 'chunk'),
          plural(lines, 'line'),
          plural(rows, 'row'),
          rejected > 0 && `${number(rejected)} rejected`,
          skipped > 0 && `${number(skipped)} skipped`,
          blank > 0 && `${number(blank)} blank`,
          quarantined > 0 && `${plural(quarantined, 'bad object')} quarantined`,
        ]),
  load: (tables: DayResult['loaded']) =>
    tables
      .map(({ table, rows, duplicates, changed }) =>
        list([
          `${table} ${plural(rows, 'row')}`,
          duplicates > 0 && plural(duplicates, 'duplicate'),
          !changed && 'unchanged',
        ]),
      )
      .join('; '),
  refresh: (tables: DayResult['refreshed']) =>
    tables
      .map(({ table, rows, changed }) => list([`${table} ${plural(rows, 'row')}`, !changed && 'unchanged']))
      .join('; ') || 'no models',
  gate: () => 'the days before it are done',
  test: ({ passed, warned }: DayResult['tested']) =>
    list([
      `${number(passed)} passed`,
      warned.length > 0 &&
        `${warned.length} warned: ${warned.map(({ test, rows }) => `${test} ${plural(rows, 'row')}`).join(', ')}`,
    ]),
  publish: ({ tables, burstMs }: PublishResult) =>
    tables.length === 0
      ? 'nothing changed'
      : `${plural(tables.length, 'table')} swapped in ${duration(burstMs)}: ${tables.map(({ table }) => table).join(', ')}`,
  compare: ({ tables }: CompareResult) => {
    const different = tables.filter(({ equal }) => !equal).map(({ table }) => table);
    return different.length === 0
      ? `${plural(tables.length, 'table')} equal to a rebuild`
      : `${different.length} of ${plural(tables.length, 'table')} differ from a rebuild: ${different.join(', ')}`;
  },
  rollback: (target: number, undoes: number, { tables }: RollbackResult) => {
    const now = target === 0 ? 'no rows' : `generation ${target}`;
    return `${undoes === 0 ? `readers have ${now} already, nothing was changed` : `rolled back to ${now}`}: ${tables
      .map(({ table, rows, generation }) =>
        generation === 0
          ? `${table} is not published any more`
          : `${table} ${plural(rows, 'row')} of generation ${generation}`,
      )
      .join('; ')}`.replace(/: $/, '');
  },
  verify: ({ tables, days, found }: VerifyResult) =>
    list([
      `${plural(tables, 'published table')} of ${plural(days, 'day')}`,
      found === 0 ? 'as they were published' : plural(found, 'difference'),
    ]),
  sweep: ({ stages, archives, archivedBytes, objects }: SweepResult) =>
    list([
      list([
        stages > 0 && plural(stages, 'stage'),
        archives > 0 && plural(archives, 'archive'),
        objects > 0 && plural(objects, 'normalized object'),
      ]) || 'nothing to remove',
      archivedBytes > 0 && `archives hold ${size(archivedBytes)}`,
    ]),
};

/** The night as a table in Markdown, for the Web UI's current details. */
export const detailsOf = (heading: string, steps: readonly StepTold[], notes: readonly string[] = []): string =>
  [
    `**${heading}**`,
    '',
    '| step | what happened | took |',
    '|---|---|---|',
    ...steps.map(({ step, what, ms }) => `| ${step} | ${what.replaceAll('|', '\\|')} | ${duration(ms)} |`),
    ...(notes.length > 0 ? ['', ...notes.map((note) => `- ${note}`)] : []),
  ].join('\n');

/** What a comparison found, a sentence for each table that differs. */
export const comparedNotes = (tables: readonly ComparedTable[], day: string): string[] => {
  const different = tables.filter(({ equal }) => !equal);
  return [
    ...different.map(
      ({ table, liveRows, rebuiltRows, edited }) =>
        `${table}: readers have ${plural(liveRows, 'row')}, a rebuild makes ${plural(rebuiltRows, 'row')}` +
        (liveRows === rebuiltRows ? ' with other values' : '') +
        (edited ? '; its SQL, its options or its table were edited since' : ''),
    ),
    ...(different.length > 0 ? [`publish the rebuild with: npx daybook run --day ${day} --force`] : []),
  ];
};

/** The last words of a failed day: which step, what was wrong, and what to type next. */
export const failureOf = (day: string, step: string, reason: string): string =>
  `Day ${day} failed at step ${step}: ${withCommand(day, reason)}`;

/** A backfill as Markdown, for the Web UI's current details. */
export function backfillOf(progress: BackfillProgress): string {
  const { start, end, phase, total, done, counts, running, failed, paused, concurrency } = progress;
  return [
    `**${start} to ${end}: ${number(done)} of ${plural(total, 'day')} done${paused ? ', paused' : ''}**`,
    '',
    '| | |',
    '|---|---|',
    `| published | ${number(counts.published)} |`,
    `| left as it is | ${number(counts.unchanged + counts.skipped + counts.held)} |`,
    `| failed | ${number(counts.failed + counts.cancelled)} |`,
    `| running | ${running.join(', ') || 'none'} |`,
    `| at once | ${number(concurrency)} |`,
    ...(phase === 'later' ? ['', `Days after ${end} that look back on the range are looked at again.`] : []),
    ...(failed.length > 0 ? ['', '| failed day | why |', '|---|---|'] : []),
    ...failed.slice(0, FAILED_IN_DETAILS).map(({ day, reason }) => `| ${day} | ${reason.replaceAll('|', '\\|')} |`),
  ].join('\n');
}

/** The Web UI shows details of at most 20 kB. */
const FAILED_IN_DETAILS = 20;

/** Of a day that was published although its publish was cut off: nobody can say any more what it touched. */
export const cutOffNote = (reason: string): string =>
  `the publish was cut off and then finished: readers have the day (${reason}). What looks back on it may be stale: npx daybook plan`;

/** Of a day that was rolled back although its rollback was interrupted. */
export const rolledBackNote = (target: number, reason: string): string =>
  `the rollback was interrupted (${reason}) and then finished: readers have ${target === 0 ? 'no rows of the day' : `generation ${target}`}. ` +
  'Days that look back on it may be stale: npx daybook plan';

/** Why a rollback ended without having rolled anything back, or with an end that is not known. */
export const rollbackFailure = (day: string, reason: string, again: string, known: boolean): string => {
  const full = /[.!?]$/.test(reason) ? reason : `${reason}.`;
  const state = known
    ? 'Readers have what they had before.'
    : 'It may be half done: the next run of the day, or the same rollback again, finishes it.';
  const typed = commandsIn(reason).length > 0 && known ? '' : ` Repeat it: ${again}`;
  return `Rollback of ${day} failed: ${full} ${state}${typed}`;
};

/** What could not follow a publish. */
export const notRecordedNote = (outcome: string, reason: string): string =>
  `the day is ${outcome}, and the ledger could not be told so: ${reason}`;

export const notSweptNote = (reason: string): string =>
  `what the day leaves behind was not swept, which a night does: ${reason}`;

/** What a republished day means for the days after it. */
export const touchedNote = (touched: Touched | null): string[] => {
  if (!touched) return [];
  const { first, last, days } = touched;
  const who = days === 1 ? `${first} looks` : `${days} days, ${first} to ${last}, look`;
  const how = days === 1 ? `npx daybook run --day ${first}` : `npx daybook backfill --start ${first} --end ${last}`;
  return [`${who} back on this day: stale until built again${days === 1 ? '' : ', oldest first'}: ${how}`];
};
