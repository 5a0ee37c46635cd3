import { command } from '../../src/shared/commands.js';
import type { DayRange } from '../../src/shared/day.js';
import { sentence, type Text } from '../../src/shared/sentence.js';

/** Writes the ranges of days that need attention, each with the command to run. */
export const leftNotes = (left: {
  holes: DayRange[];
  data: DayRange[];
  code: DayRange[];
  untested: DayRange[];
  late: DayRange[];
}): Text[] => [
  ...rangeNotes(left.holes, 'not published, but expected'),
  ...rangeNotes(left.data, 'stale: their inputs have changed'),
  ...rangeNotes(left.code, 'stale by code: they differ by SQL alone'),
  ...rangeNotes(left.untested, 'not checked by the current tests'),
  ...rangeNotes(left.late, 'objects arrived after lateDays, and are not loaded'),
];

/** Ranges shown apart; the others are shown as one, from the first to the last of them. */
const RANGES_SHOWN = 5;

const rangeNotes = (ranges: readonly DayRange[], what: string): Text[] => {
  const shown = ranges.slice(0, ranges.length > RANGES_SHOWN ? RANGES_SHOWN - 1 : RANGES_SHOWN);
  const rest = ranges.slice(shown.length);
  const [first] = rest;
  const line = ({ start, end }: DayRange, some = '') =>
    sentence(`${start === end ? start : `${start} to ${end}${some}`}: ${what}: `, command.backfill(start, end));
  return [
    ...shown.map((range) => line(range)),
    ...(first ? [line({ start: first.start, end: rest.at(-1)?.end ?? first.end }, ', not all of them')] : []),
  ];
};
