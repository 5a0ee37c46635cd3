import type { Difference } from '../activities/verify/index.js';
import { backfillCommand, commandsIn, statusCommand, TRIGGER, withCommand } from '../src/shared/commands.js';
import { number, plural } from '../src/shared/format.js';
import type { DayEnded, NightlyResult } from '../src/shared/workflows.js';

/** Says why a day was not started: days that it looks back on failed or are missing. */
export const stoppedBy = (day: string, bad: readonly string[]): string =>
  `Day ${day} was not started: it looks back on ${bad.join(', ')}, which did not succeed. ` +
  `Once fixed, run: ${backfillCommand(bad[0] ?? day, day)}`;

/** Writes the failure of a nightly run: each failed day, its reason and what to type next. */
export const nightlyFailure = (
  days: readonly Pick<DayEnded, 'day' | 'outcome' | 'reason'>[],
  differences: readonly string[] = [],
): string => {
  const failed = days.filter(({ outcome }) => outcome === 'failed');
  return [
    failed.length > 0
      ? `${number(failed.length)} of ${plural(days.length, 'day')} failed.`
      : `No day failed (${plural(days.length, 'day')} run).`,
    ...failed.map(({ day, reason }) => `${day}: ${withCommand(day, reason)}`),
    ...(differences.length > 0 ? ['Readers do not have what was published:', ...differences] : []),
  ].join('\n');
};

/** Differences that a nightly run lists; `daybook verify` shows more. */
const DIFFERENCES_NAMED = 10;

/** Writes the first differences as sentences, and the command that shows the rest. */
export const differenceLines = (differences: readonly Difference[], found: number): string[] => {
  const named = differences.slice(0, DIFFERENCES_NAMED);
  const [first, last] = [differences[0]?.day ?? '', differences.at(-1)?.day ?? ''];
  const rest = found - named.length;
  return [
    ...named.map(({ what }) => what),
    ...(rest > 0 ? [`and ${number(rest)} more: npx daybook verify --start ${first} --end ${last}`] : []),
  ];
};

/** Says that what readers have could not be compared with the ledger. */
export const notVerified = (reason: string, first: string, last: string): string =>
  `What readers have could not be compared with the ledger: ${reason} Try again: npx daybook verify --start ${first} --end ${last}`;

/** Writes the failure of a nightly run that could not start. */
export const nightlyNotStarted = (reason: string): string =>
  `The nightly run could not start: ${commandsIn(reason).length > 0 ? reason : `${reason} Once fixed, run: ${TRIGGER}`}`;

/** Writes the failure of a backfill that could not determine its days. */
export const backfillNotStarted = (start: string, end: string, reason: string): string =>
  `The backfill of ${start} to ${end} could not start or continue: ` +
  (commandsIn(reason).length > 0 ? reason : `${reason} Once fixed, run: ${backfillCommand(start, end)}`);

/** Lists what needs attention in a day that succeeded, each line with its day. Stale days are left out: the audit reports them. */
export const notesOf = ({ day, result }: DayEnded): string[] => [
  ...(result?.tested.warned ?? []).map(
    ({ test, rows }) => `${day}: test ${test} found ${plural(rows, 'row')}: ${statusCommand(day)}`,
  ),
  ...(result?.notes ?? []).filter((note) => !SHOWN_BY_AUDIT.test(note)).map((note) => `${day}: ${note}`),
];

const SHOWN_BY_AUDIT = /^stale by code: |: stale until rebuilt/;

/** Writes a nightly run as a table in Markdown: one line for each day, then the notes. */
export const nightlyTable = (days: NightlyResult['days'], notes: readonly string[] = []): string =>
  [
    '| day | outcome | why |',
    '|---|---|---|',
    ...days.map(({ day, outcome, reason }) => `| ${day} | ${outcome} | ${reason.replaceAll('|', '\\|')} |`),
    ...(notes.length > 0 ? ['', ...notes.map((note) => `- ${note}`)] : []),
  ].join('\n');
