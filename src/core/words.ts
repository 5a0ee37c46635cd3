import prettyBytes from 'pretty-bytes';
import type * as messages from './messages.js';

/** Every sentence that a history, a terminal or the Web UI shows of a day: one place, so that all of them say the same. */

/** `1,204` */
export const number = (value: number): string => String(Math.round(value)).replaceAll(/\B(?=(\d{3})+$)/g, ',');

/** `1 object`, `2 objects` */
export const plural = (count: number, noun: string): string => `${number(count)} ${noun}${count === 1 ? '' : 's'}`;

/** `118 MiB` */
export const size = (bytes: number): string =>
  prettyBytes(bytes, { binary: true, maximumFractionDigits: bytes < 10 * 1024 ** 2 ? 1 : 0 });

/** A text of at most about `most` characters: a longer one keeps its beginning and its end, where commands stand. */
export function clipped(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = Math.floor(most / 4);
  const left = text.length - most;
  return `${text.slice(0, most - end)} … (${number(left)} characters left out) … ${text.slice(-end)}`;
}

/** `820 ms`, `2.1 s`, `4 min 12 s` */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

const list = (parts: readonly (string | false)[]) => parts.filter((part) => part !== false).join(' · ');

/** Summaries of activities, as the Web UI shows them beside each event. */
export const summary = {
  survey: () => 'which days this night is for',
  recover: (day: string) => `look for a publish of ${day} that a crash left open`,
  attend: (day: string) => `${day} is running already: wait until it has ended`,
  wait: (day: string) => `wait until the sources of ${day} are complete`,
  list: (day: string) => `list the objects that may hold rows of ${day}`,
  normalize: (position: number, of: number, bytes: number | undefined) =>
    list([`normalize chunk ${position + 1} of ${of}`, bytes !== undefined && size(bytes)]),
  load: (table: string, day: string) => `load ${table} of ${day}`,
  refresh: (table: string, day: string) => `refresh ${table} of ${day}`,
  test: (count: number) => `run ${plural(count, 'test')} on the stage`,
  publish: (count: number, day: string) => `publish ${plural(count, 'table')} of ${day}`,
  sweep: (day: string) => `clean up after ${day}`,
  conclude: (outcome: string) => `record the outcome: ${outcome}`,
  sleep: (missing: readonly string[]) => `not complete yet: ${missing.join('; ')}`,
};

/** What a step did, once it has. */
export const told = {
  recover: ({ mended }: messages.RecoverResult) =>
    mended
      ? `generation ${mended.generation} was left open and is ${mended.how} (${plural(mended.tables, 'table')})`
      : 'nothing was left open',
  list: ({ outcome, objects, bytes, chunks, todo, reasons }: messages.ListResult) =>
    list([
      plural(objects, 'object'),
      size(bytes),
      outcome === 'build' ? `${plural(chunks, 'chunk')}, ${number(todo)} to normalize` : plural(chunks, 'chunk'),
      outcome === 'unchanged' ? 'nothing changed' : reasons.join('; ') || false,
    ]),
  normalize: ({ chunks, lines, rows, rejected, skipped, blank }: messages.DayResult['normalized']) =>
    chunks === 0
      ? 'nothing to do'
      : list([
          plural(chunks, 'chunk'),
          plural(lines, 'line'),
          plural(rows, 'row'),
          rejected > 0 && `${number(rejected)} rejected`,
          skipped > 0 && `${number(skipped)} skipped`,
          blank > 0 && `${number(blank)} blank`,
        ]),
  load: (tables: messages.DayResult['loaded']) =>
    tables
      .map(({ table, rows, duplicates, changed }) =>
        list([
          `${table} ${plural(rows, 'row')}`,
          duplicates > 0 && plural(duplicates, 'duplicate'),
          !changed && 'unchanged',
        ]),
      )
      .join('; '),
  refresh: (tables: messages.DayResult['refreshed']) =>
    tables
      .map(({ table, rows, changed }) => list([`${table} ${plural(rows, 'row')}`, !changed && 'unchanged']))
      .join('; ') || 'no models',
  test: ({ passed, warned }: messages.DayResult['tested']) =>
    list([
      `${number(passed)} passed`,
      warned.length > 0 &&
        `${warned.length} warned: ${warned.map(({ test, rows }) => `${test} ${plural(rows, 'row')}`).join(', ')}`,
    ]),
  publish: ({ tables, burstMs }: messages.PublishResult) =>
    tables.length === 0
      ? 'nothing changed'
      : `${plural(tables.length, 'table')} swapped in ${duration(burstMs)}: ${tables.map(({ table }) => table).join(', ')}`,
  sweep: ({ stages, archives, objects }: messages.SweepResult) =>
    list([
      stages > 0 && plural(stages, 'stage'),
      archives > 0 && plural(archives, 'archive'),
      objects > 0 && plural(objects, 'normalized object'),
    ]) || 'nothing to remove',
};

/** The night as a table in Markdown, for the Web UI's current details. */
export const detailsOf = (
  heading: string,
  steps: readonly messages.StepTold[],
  notes: readonly string[] = [],
): string =>
  [
    `**${heading}**`,
    '',
    '| step | what happened | took |',
    '|---|---|---|',
    ...steps.map(({ step, what, ms }) => `| ${step} | ${what.replaceAll('|', '\\|')} | ${duration(ms)} |`),
    ...(notes.length > 0 ? ['', ...notes.map((note) => `- ${note}`)] : []),
  ].join('\n');

/** The last words of a failed day: which step, what was wrong, and what to type next. */
export const failureOf = (day: string, step: string, reason: string): string =>
  `Day ${day} failed at step ${step}: ${reason}` +
  (reason.includes('npx daybook') ? '' : ` When it is mended: npx daybook run --day ${day}`);

/** A night as a table in Markdown: one line a day. */
export const nightOf = (days: messages.NightlyResult['days']): string =>
  [
    '| day | outcome | why |',
    '|---|---|---|',
    ...days.map(({ day, outcome, reason }) => `| ${day} | ${outcome} | ${reason.replaceAll('|', '\\|')} |`),
  ].join('\n');

/** What a republished day means for the days after it. */
export const touchedNote = (days: readonly string[]): string[] =>
  days.length === 0
    ? []
    : [
        `${days.length > 3 ? `${days.length} days, ${days[0] ?? ''} to ${days.at(-1) ?? ''},` : days.join(', ')} look${days.length === 1 ? 's' : ''} back on this day: stale until built again, oldest first: npx daybook run --day ${days[0] ?? ''}`,
      ];
