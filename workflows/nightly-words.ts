import type { Difference } from '../activities/verify/index.js';
import { backfillCommand, commandsIn, statusCommand, TRIGGER, withCommand } from '../src/shared/commands.js';
import { number, plural } from '../src/shared/format.js';
import type { DayEnded, NightlyResult } from '../src/shared/workflows.js';

/** Why a day was not begun: it would have been made from days that are not good. */
export const stoppedBy = (day: string, bad: readonly string[]): string =>
  `Day ${day} was not begun: it looks back on ${bad.join(', ')}, which ${bad.length === 1 ? 'is' : 'are'} not good. ` +
  `When that is mended: ${backfillCommand(bad[0] ?? day, day)}`;

/** The last words of a failed night: each failed day, its reason and what to type next. */
export const nightFailure = (
  days: readonly Pick<DayEnded, 'day' | 'outcome' | 'reason'>[],
  differences: readonly string[] = [],
): string => {
  const failed = days.filter(({ outcome }) => outcome === 'failed');
  return [
    `${number(failed.length)} of ${plural(days.length, 'day')} failed.`,
    ...failed.map(({ day, reason }) => `${day}: ${withCommand(day, reason)}`),
    ...(differences.length > 0 ? ['Readers do not have what was published:', ...differences] : []),
  ].join('\n');
};

/** Differences that a night names; `daybook verify` shows more. */
const DIFFERENCES_NAMED = 10;

/** The first differences of a night as sentences, and what shows the rest. */
export const differencesTold = (differences: readonly Difference[], found: number): string[] => {
  const named = differences.slice(0, DIFFERENCES_NAMED);
  const [first, last] = [differences[0]?.day ?? '', differences.at(-1)?.day ?? ''];
  const rest = found - named.length;
  return [
    ...named.map(({ what }) => what),
    ...(rest > 0 ? [`and ${number(rest)} more: npx daybook verify --start ${first} --end ${last}`] : []),
  ];
};

/** Where a night could not compare what readers have with the ledger. */
export const notVerified = (reason: string, first: string, last: string): string =>
  `What readers have could not be compared with the ledger: ${reason} Once more: npx daybook verify --start ${first} --end ${last}`;

/** The last words of a night that could not begin. */
export const nightNotBegun = (reason: string): string =>
  `The night could not begin: ${commandsIn(reason).length > 0 ? reason : `${reason} When it is mended: ${TRIGGER}`}`;

/** The last words of a backfill that could not say which days it is for. */
export const backfillNotBegun = (start: string, end: string, reason: string): string =>
  `The backfill of ${start} to ${end} could not begin, or go on: ` +
  (commandsIn(reason).length > 0 ? reason : `${reason} When it is mended: ${backfillCommand(start, end)}`);

/** What a day that went well is worth a look for, each line with its day. Stale days are the whole night's to tell. */
export const notesOf = ({ day, result }: DayEnded): string[] => [
  ...(result?.tested.warned ?? []).map(
    ({ test, rows }) => `${day}: test ${test} found ${plural(rows, 'row')}: ${statusCommand(day)}`,
  ),
  ...(result?.notes ?? []).filter((note) => !TOLD_BY_NIGHT.test(note)).map((note) => `${day}: ${note}`),
];

const TOLD_BY_NIGHT = /^stale by code: |: stale until built again/;

/** A night as a table in Markdown: one line a day, then what a person should know. */
export const nightOf = (days: NightlyResult['days'], notes: readonly string[] = []): string =>
  [
    '| day | outcome | why |',
    '|---|---|---|',
    ...days.map(({ day, outcome, reason }) => `| ${day} | ${outcome} | ${reason.replaceAll('|', '\\|')} |`),
    ...(notes.length > 0 ? ['', ...notes.map((note) => `- ${note}`)] : []),
  ].join('\n');
