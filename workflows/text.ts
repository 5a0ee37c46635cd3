import type { AlertInput } from '../activities/alert/index.js';
import type { CompareResult } from '../activities/compare/index.js';
import type { ListResult } from '../activities/list/index.js';
import type { PublishResult } from '../activities/publish/index.js';
import type { RecoverResult } from '../activities/recover/index.js';
import type { RollbackResult } from '../activities/rollback/index.js';
import type { SweepResult } from '../activities/sweep/index.js';
import type { VerifyResult } from '../activities/verify/index.js';
import type { ComparedTable, Touched } from '../src/shared/build.js';
import { command, commandLine, type Command } from '../src/shared/commands.js';
import { durationText, numberText, plural, sizeText } from '../src/shared/format.js';
import { commandsIn, lackingStop, plain, sentence, withCommand, type Text } from '../src/shared/sentence.js';
import type { BackfillProgress, DayEnded, DayInput, DayResult, FinishedStep } from '../src/shared/workflows.js';

const dotted = (parts: readonly (string | false)[]) => parts.filter((part) => part !== false).join(' · ');

/** Summaries of activities. The Web UI shows each after the activity's name: `normalize • chunk 3 of 12 · 118 MiB`. */
export const summary = {
  day: (day: string) => `day ${day}`,
  survey: () => 'days of this nightly run',
  recover: (day: string) => `unfinished publishes of ${day}`,
  outline: (start: string, end: string) => `days to run from ${start} to ${end}`,
  attend: (day: string) => `wait for the running build of ${day}`,
  look: (count: number) => `have ${plural(count, 'day')} of other runs ended?`,
  wait: (day: string) => `sources of ${day} complete?`,
  list: (day: string) => `objects that may hold rows of ${day}`,
  normalize: (position: number, of: number, bytes: number | undefined) =>
    dotted([`chunk ${position + 1} of ${of}`, bytes !== undefined && sizeText(bytes)]),
  normalizeAndLoad: (position: number, of: number, bytes: number | undefined) =>
    `${summary.normalize(position, of, bytes)}, then load its source`,
  lookBack: (table: string, day: string) => `copy earlier days of ${table} for ${day}`,
  lookBackAndRefresh: (table: string, models: readonly string[], day: string) =>
    `copy earlier days of ${table}, then refresh ${summary.refresh(models, day)}`,
  load: (table: string, day: string) => `${table} of ${day}`,
  refresh: (tables: readonly string[], day: string) => `${tables.join(', ')} of ${day}`,
  test: (count: number) => `${plural(count, 'test')} on the stage`,
  testPublished: (count: number, day: string) => `${plural(count, 'test')} on the published tables of ${day}`,
  publish: (changed: number, same: number, day: string) =>
    dotted([`${plural(changed, 'table')} of ${day}`, same > 0 && `${numberText(same)} with the same rows`]),
  eraseChunks: () => 'find rows, and remove normalized objects and rejects that hold them',
  eraseRows: (day: string) => `${day} without the rows`,
  endErasure: () => 'drop archives that hold the rows',
  compare: (day: string) => `rebuild of ${day} with what readers have`,
  planRollback: (day: string) => `find the publish of ${day} to restore`,
  rollback: (target: number, count: number, day: string) =>
    `${day} to ${target === 0 ? 'no rows' : `generation ${target}`}: ${plural(count, 'table')}`,
  verify: (first: string, last: string) => `live tables of ${first} to ${last} against the ledger`,
  sweepOld: () => 'clean up expired data',
  sweep: (day: string) => `clean up the stages of ${day} and expired data`,
  /** @param swept the day whose stages are dropped then, too */
  conclude: (outcome: string, swept?: string) =>
    `record the outcome: ${outcome}${swept === undefined ? '' : `, then ${summary.sweep(swept)}`}`,
  audit: () => 'days that need attention',
  alert: ({ kind, day }: AlertInput) => dotted([kind, day]),
  sleep: (missing: readonly string[]) => `not complete yet: ${missing.join('; ')}`,
};

/** Writes the details of a day that another workflow started, in Markdown. */
export const startedBy = (workflowId: string, day: string): string =>
  `Started by \`${workflowId}\`. Run it again: \`${commandLine(command.run(day))}\``;

/** What each step did, as the report of a day shows it. */
export const stepText = {
  recover: ({ recovered }: RecoverResult) =>
    recovered
      ? `unfinished publish of generation ${recovered.generation} ${recovered.how} (${plural(recovered.tables, 'table')})`
      : 'no unfinished publish',
  list: ({ outcome, objects, bytes, chunks, todo, reasons, untested = [] }: ListResult) =>
    outcome === 'held'
      ? 'the day is held: nothing was listed'
      : dotted([
          plural(objects, 'object'),
          sizeText(bytes),
          outcome === 'build'
            ? `${plural(chunks, 'chunk')}, ${numberText(todo)} to normalize`
            : plural(chunks, 'chunk'),
          outcome === 'unchanged' ? 'nothing changed' : reasons.join('; ') || false,
          untested.length > 0 && `${plural(untested.length, 'test')} to run`,
        ]),
  normalize: ({ chunks, lines, rows, rejected, skipped, blank, quarantined }: DayResult['normalized']) =>
    chunks === 0
      ? 'nothing to do'
      : dotted([
          plural(chunks, 'chunk'),
          plural(lines, 'line'),
          plural(rows, 'row'),
          rejected > 0 && `${numberText(rejected)} rejected`,
          skipped > 0 && `${numberText(skipped)} skipped`,
          blank > 0 && `${numberText(blank)} blank`,
          quarantined > 0 && `${plural(quarantined, 'bad object')} quarantined`,
        ]),
  load: (tables: DayResult['loaded']) =>
    tables
      .map(({ table, rows, duplicates, changed }) =>
        dotted([
          `${table} ${plural(rows, 'row')}`,
          duplicates > 0 && plural(duplicates, 'duplicate'),
          !changed && 'unchanged',
        ]),
      )
      .join('; '),
  refresh: (tables: DayResult['refreshed']) =>
    tables
      .map(({ table, rows, changed }) => dotted([`${table} ${plural(rows, 'row')}`, !changed && 'unchanged']))
      .join('; ') || 'no models',
  gate: () => 'the days before it are done',
  test: ({ passed, warned }: DayResult['tested']) =>
    dotted([
      `${numberText(passed)} passed`,
      warned.length > 0 &&
        `${warned.length} warned: ${warned.map(({ test, rows }) => `${test} ${plural(rows, 'row')}`).join(', ')}`,
    ]),
  publish: ({ tables, burstMs }: PublishResult, same: number) =>
    dotted([
      tables.length === 0
        ? 'nothing changed'
        : `${plural(tables.length, 'table')} swapped in ${durationText(burstMs)}: ${tables.map(({ table }) => table).join(', ')}`,
      same > 0 && `${plural(same, 'rebuilt table')} with the same rows as before`,
    ]),
  compare: ({ tables }: CompareResult) => {
    const different = tables.filter(({ equal }) => !equal).map(({ table }) => table);
    return different.length === 0
      ? `${plural(tables.length, 'table')} equal to a rebuild`
      : `${different.length} of ${plural(tables.length, 'table')} differ from the rebuild: ${different.join(', ')}`;
  },
  rollback: (target: number, undoes: number, { tables }: RollbackResult) => {
    const now = target === 0 ? 'no rows' : `generation ${target}`;
    return `${undoes === 0 ? `readers have ${now} already, nothing was changed` : `rolled back to ${now}`}: ${tables
      .map(({ table, rows, generation }) =>
        generation === 0
          ? `${table} is no longer published`
          : `${table} ${plural(rows, 'row')} of generation ${generation}`,
      )
      .join('; ')}`.replace(/: $/, '');
  },
  verify: ({ tables, days, found }: VerifyResult) =>
    dotted([
      `${plural(tables, 'published table')} of ${plural(days, 'day')}`,
      found === 0 ? 'as published' : plural(found, 'difference'),
    ]),
  sweep: ({ stages, archives, archivedBytes, objects }: SweepResult) =>
    dotted([
      dotted([
        stages > 0 && plural(stages, 'stage'),
        archives > 0 && plural(archives, 'archive'),
        objects > 0 && plural(objects, 'normalized object'),
      ]) || 'nothing to remove',
      archivedBytes > 0 && `archives hold ${sizeText(archivedBytes)}`,
    ]),
};

/** Writes the steps of a day as a table in Markdown, for the Web UI's current details. */
export const detailsOf = (heading: string, steps: readonly FinishedStep[], notes: readonly Text[] = []): string =>
  [
    `**${heading}**`,
    '',
    '| step | what happened | took |',
    '|---|---|---|',
    ...steps.map(({ step, what, ms }) => `| ${step} | ${what.replaceAll('|', '\\|')} | ${durationText(ms)} |`),
    ...(notes.length > 0 ? ['', ...notes.map((note) => `- ${plain(note)}`)] : []),
  ].join('\n');

/** Writes what a comparison found, a sentence for each table that differs. */
export const comparedNotes = (tables: readonly ComparedTable[], day: string, erased: boolean): Text[] => {
  const different = tables.filter(({ equal }) => !equal);
  return [
    ...tables.filter(({ close }) => close).map(({ table }) => `${table}: equal but for the last digits of floats`),
    ...different.map(
      ({ table, liveRows, rebuiltRows, edited }) =>
        `${table}: readers have ${plural(liveRows, 'row')}, a rebuild makes ${plural(rebuiltRows, 'row')}` +
        (liveRows === rebuiltRows ? ' with other values' : '') +
        (edited ? '; its SQL, its options or its table was edited since' : ''),
    ),
    ...(different.length === 0
      ? []
      : erased
        ? [
            'rows of this day were erased: if its raw objects still hold them, a rebuild brings them back. Rewrite these objects, then erase again',
          ]
        : [sentence('publish the rebuild with: ', command.run(day, '--force'))]),
  ];
};

/** Writes the failure of a day: which step, what was wrong, and what to type next, with what was asked for beside the day. */
export const failureOf = (
  { day, force = false, allowEmpty = false }: Pick<DayInput, 'day' | 'force' | 'allowEmpty'>,
  step: string,
  reason: Text,
): Text => {
  const flags = [...(force ? ['--force'] : []), ...(allowEmpty ? ['--allow-empty'] : [])];
  return sentence(`Day ${day} failed at step ${step}: `, withCommand(reason, command.run(day, ...flags)));
};

/** Writes the failure of a comparison, which is not one of the day. */
export const comparisonFailure = (day: string, step: string, reason: Text): Text =>
  sentence(
    `The comparison of ${day} failed at step ${step}, and the day stays as it is: `,
    withCommand(reason, command.verifyRebuild(day)),
  );

/** Writes a backfill as Markdown, for the Web UI's current details. */
export function backfillOf(progress: BackfillProgress): string {
  const { start, end, phase, total, done, counts, running, failed, paused, concurrency } = progress;
  return [
    `**${start} to ${end}: ${numberText(done)} of ${plural(total, 'day')} done${paused ? ', paused' : ''}**`,
    '',
    '| | |',
    '|---|---|',
    `| published | ${numberText(counts.published)} |`,
    `| not rebuilt | ${numberText(counts.unchanged + counts.skipped + counts.held)} |`,
    `| failed | ${numberText(counts.failed + counts.cancelled)} |`,
    `| running | ${running.join(', ') || 'none'} |`,
    `| at once | ${numberText(concurrency)} |`,
    ...(phase === 'later' ? ['', `Now checking days after ${end} that look back on the range.`] : []),
    ...(failed.length > 0 ? ['', '| failed day | why |', '|---|---|'] : []),
    ...failed
      .slice(0, FAILED_IN_DETAILS)
      .map(({ day, reason }) => `| ${day} | ${plain(reason).replaceAll('|', '\\|')} |`),
  ].join('\n');
}

/** The Web UI shows details of at most 20 kB. */
const FAILED_IN_DETAILS = 20;

/** Says that an interrupted publish was finished. Which later days it touched is unknown. */
export const cutOffNote = (reason: Text): Text =>
  sentence(
    ...['the publish was interrupted (', reason, ') and then finished: readers have the day. '],
    ...['Days that look back on it may be stale: ', command.plan()],
  );

/** Says that an interrupted rollback was finished. */
export const rolledBackNote = (target: number, reason: Text): Text =>
  sentence(
    ...['the rollback was interrupted (', reason, ') and then finished: '],
    `readers have ${target === 0 ? 'no rows of the day' : `generation ${target}`}. `,
    ...['Days that look back on it may be stale: ', command.plan()],
  );

/** Says in which days rows could not be erased, and what to do. */
export const erasureFailure = (table: string, failed: readonly DayEnded[]): Text =>
  sentence(
    `Rows of ${table} were not erased in ${plural(failed.length, 'day')}, first ${failed[0]?.day ?? ''}: `,
    failed[0]?.reason ?? '',
    ' What was erased stays erased. Once fixed, run the same erasure again.',
  );

/** Writes the failure of an erasure whose rows are loaded again each time that they were removed. */
export const loadedAgainFailure = (table: string, left: readonly { day: string }[]): Text =>
  `Rows of ${table} were erased, and found again in ${plural(left.length, 'day')}, first ${left[0]?.day ?? ''}: builds that run beside the ` +
  'erasure load them. Wait until these have ended, or remove the rows from the raw objects; then run the same erasure again.';

/** Writes the failure of a rollback: what readers have, and what to type next. `known` is false if that could not be found out. */
export const rollbackFailure = (day: string, reason: Text, again: Command, known: boolean): Text => {
  const state = known
    ? 'Readers have what they had before.'
    : 'It may be half done: the next run of the day, or the same rollback again, finishes it.';
  return sentence(
    ...[`Rollback of ${day} failed: `, reason, `${lackingStop(reason)} `, state],
    ...(commandsIn(reason).length > 0 && known ? [] : [' Repeat it: ', again]),
  );
};

/** Says that the outcome of a day is not in the ledger. */
export const notRecordedNote = (outcome: string, reason: Text): Text =>
  sentence(`the day is ${outcome}, but the outcome could not be recorded: `, reason);

/** Says that the cleanup failed. */
export const notSweptNote = (reason: Text): Text =>
  sentence("the day's stages were not cleaned up; a nightly run will remove them: ", reason);

/** Says which later days a republished day made stale. */
export const touchedNote = (touched: Touched | null): Text[] => {
  if (!touched) return [];
  const { first, last, days } = touched;
  const who = days === 1 ? `${first} looks` : `${days} days, ${first} to ${last}, look`;
  const how = days === 1 ? command.run(first) : command.backfill(first, last);
  return [sentence(`${who} back on this day: stale until rebuilt${days === 1 ? '' : ', oldest first'}: `, how)];
};
