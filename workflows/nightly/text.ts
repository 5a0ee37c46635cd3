import type { Difference } from '../../activities/verify/index.js';
import { command } from '../../src/shared/commands.js';
import { numberText, plural } from '../../src/shared/format.js';
import { joinTexts, plain, sentence, withCommand, type Text } from '../../src/shared/sentence.js';
import type { DayEnded } from '../../src/shared/workflows.js';

/** Says why a day was not started: days that it looks back on failed or are missing. */
export const stoppedBy = (day: string, bad: readonly string[]): Text =>
  sentence(
    `Day ${day} was not started: it looks back on ${bad.join(', ')}, which did not succeed. `,
    'Once fixed, run: ',
    command.backfill(bad[0] ?? day, day),
  );

/** Writes the failure of a nightly run: each failed day, its reason and what to type next. */
export const nightlyFailure = (
  days: readonly Pick<DayEnded, 'day' | 'outcome' | 'reason'>[],
  differences: readonly Text[] = [],
): Text => {
  const failed = days.filter(({ outcome }) => outcome === 'failed');
  const lines: Text[] = [
    failed.length > 0
      ? `${numberText(failed.length)} of ${plural(days.length, 'day')} failed.`
      : `No day failed (${plural(days.length, 'day')} run).`,
    ...failed.map(({ day, reason }) => ofDay(day, withCommand(reason, command.run(day)))),
    ...(differences.length > 0 ? ['Readers do not have what was published:', ...differences] : []),
  ];
  return joinTexts(lines, '\n');
};

/** Puts the day before a text that does not begin with it. */
const ofDay = (day: string, text: Text): Text =>
  plain(text).startsWith(day) || plain(text).startsWith(`Day ${day}`) ? text : sentence(`${day}: `, text);

/** Differences that a nightly run lists; `daybook verify` shows more. */
const DIFFERENCES_NAMED = 10;

/**
 * Writes the first differences as sentences, and the command that compares the days of this run again: without days, `daybook verify`
 * compares those up to yesterday, which a run for an older day did not look at.
 */
export const differenceLines = (
  differences: readonly Difference[],
  found: number,
  { first, last }: { first: string; last: string },
): Text[] => {
  const named = differences.slice(0, DIFFERENCES_NAMED);
  const rest = found - named.length;
  return [
    ...named.map(({ what }) => what),
    sentence(
      rest > 0 ? `and ${numberText(rest)} more: ` : 'Once fixed, compare the same days again: ',
      command.verify(first, last),
    ),
  ];
};

/** Says that what readers have could not be compared with the ledger. */
export const notVerified = (reason: Text, first: string, last: string): Text =>
  sentence(
    ...['What readers have could not be compared with the ledger: ', reason, ' Try again: '],
    command.verify(first, last),
  );

/** Writes the failure of a nightly run that could not start. */
export const nightlyNotStarted = (reason: Text): Text =>
  sentence('The nightly run could not start: ', withCommand(reason, command.schedule('trigger')));

/** Lists what needs attention in a day that succeeded, each line with its day. Stale days are left out: the audit reports them. */
export const notesOf = ({ day, result }: DayEnded): Text[] => [
  ...(result?.tested.warned ?? []).map(({ test, rows }) =>
    sentence(`${day}: test ${test} found ${plural(rows, 'row')}: `, command.statusOf(day)),
  ),
  ...(result?.notes ?? []).filter((note) => !SHOWN_BY_AUDIT.test(plain(note))).map((note) => ofDay(day, note)),
];

const SHOWN_BY_AUDIT = /^stale by code: |: stale until rebuilt/;

/** Writes a nightly run as a table in Markdown: one line for each day, then the notes. */
export const nightlyTable = (
  days: readonly Pick<DayEnded, 'day' | 'outcome' | 'reason'>[],
  notes: readonly Text[] = [],
): string =>
  [
    '| day | outcome | why |',
    '|---|---|---|',
    ...days.map(({ day, outcome, reason }) => `| ${day} | ${outcome} | ${plain(reason).replaceAll('|', '\\|')} |`),
    ...(notes.length > 0 ? ['', ...notes.map((note) => `- ${plain(note)}`)] : []),
  ].join('\n');
