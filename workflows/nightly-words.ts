import type { Difference } from '../activities/verify/index.js';
import { command } from '../src/shared/commands.js';
import { number, plural } from '../src/shared/format.js';
import { joined, plain, sentence, withCommand, type Text } from '../src/shared/sentence.js';
import type { DayEnded } from '../src/shared/workflows.js';

/** Why a day was not begun: it would have been made from days that are not good. */
export const stoppedBy = (day: string, bad: readonly string[]): Text =>
  sentence(
    `Day ${day} was not begun: it looks back on ${bad.join(', ')}, which ${bad.length === 1 ? 'is' : 'are'} not good. `,
    'When that is mended: ',
    command.backfill(bad[0] ?? day, day),
  );

/** The last words of a failed night: each failed day, its reason and what to type next. */
export const nightFailure = (
  days: readonly Pick<DayEnded, 'day' | 'outcome' | 'reason'>[],
  differences: readonly Text[] = [],
): Text => {
  const failed = days.filter(({ outcome }) => outcome === 'failed');
  const lines: Text[] = [
    `${number(failed.length)} of ${plural(days.length, 'day')} failed.`,
    ...failed.map(({ day, reason }) => sentence(`${day}: `, withCommand(reason, command.run(day)))),
    ...(differences.length > 0 ? ['Readers do not have what was published:', ...differences] : []),
  ];
  return joined(lines, '\n');
};

/** Differences that a night names; `daybook verify` shows more. */
const DIFFERENCES_NAMED = 10;

/** The first differences of a night as sentences, and what shows the rest. */
export const differencesTold = (differences: readonly Difference[], found: number): Text[] => {
  const named = differences.slice(0, DIFFERENCES_NAMED);
  const [first, last] = [differences[0]?.day ?? '', differences.at(-1)?.day ?? ''];
  const rest = found - named.length;
  return [
    ...named.map(({ what }) => what),
    ...(rest > 0 ? [sentence(`and ${number(rest)} more: `, command.verify(first, last))] : []),
  ];
};

/** Where a night could not compare what readers have with the ledger. */
export const notVerified = (reason: Text, first: string, last: string): Text =>
  sentence(
    ...['What readers have could not be compared with the ledger: ', reason, ' Once more: '],
    command.verify(first, last),
  );

/** The last words of a night that could not begin. */
export const nightNotBegun = (reason: Text): Text =>
  sentence('The night could not begin: ', withCommand(reason, command.schedule('trigger')));

/** The last words of a backfill that could not say which days it is for. */
export const backfillNotBegun = (start: string, end: string, reason: Text): Text =>
  sentence(
    `The backfill of ${start} to ${end} could not begin, or go on: `,
    withCommand(reason, command.backfill(start, end)),
  );

/** What a day that went well is worth a look for, each line with its day. Stale days are the whole night's to tell. */
export const notesOf = ({ day, result }: DayEnded): Text[] => [
  ...(result?.tested.warned ?? []).map(({ test, rows }) =>
    sentence(`${day}: test ${test} found ${plural(rows, 'row')}: `, command.statusOf(day)),
  ),
  ...(result?.notes ?? []).filter((note) => !TOLD_BY_NIGHT.test(plain(note))).map((note) => sentence(`${day}: `, note)),
];

const TOLD_BY_NIGHT = /^stale by code: |: stale until built again/;

/** A night as a table in Markdown: one line a day, then what a person should know. */
export const nightOf = (
  days: readonly Pick<DayEnded, 'day' | 'outcome' | 'reason'>[],
  notes: readonly Text[] = [],
): string =>
  [
    '| day | outcome | why |',
    '|---|---|---|',
    ...days.map(({ day, outcome, reason }) => `| ${day} | ${outcome} | ${plain(reason).replaceAll('|', '\\|')} |`),
    ...(notes.length > 0 ? ['', ...notes.map((note) => `- ${plain(note)}`)] : []),
  ].join('\n');
