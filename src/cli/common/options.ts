import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { isConcurrency, MOST_CONCURRENCY } from '../../shared/inputs/backfill.js';
import { EVER, isDay } from '../../shared/iso-day.js';

/*
 * Options that the commands share. `--help` loads every command.ts, so neither they nor this file import anything that takes
 * time to load; each action imports its own implementation.
 */

/** Name of the demo's stack, in the folder that the demo runs in. */
export const DEMO_STACK = '.daybook';

/** Days that `plan` covers without `--start`. */
export const PLANNED_DAYS = 31;

export type Output = 'text' | 'json';

/** Returns a parser for a whole number of at least `least`. */
export const parseWhole =
  (least: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least)
      throw new InvalidArgumentError(`Expected a whole number, ${least} or more.`);
    return value;
  };

/** A day by name; `main.ts` replaces it when the project's time zone is known. */
export const YESTERDAY = 'yesterday';

/** Parses a day. */
export const parseDay = (text: string): string => {
  if (text !== YESTERDAY && !isDay(text))
    throw new InvalidArgumentError('Expected a date that exists, written YYYY-MM-DD, or yesterday.');
  if (text < EVER[0])
    throw new InvalidArgumentError(`Expected a day from ${EVER[0]} on, the first that a Date column holds.`);
  return text;
};

/** Says what is wrong with a range of days before anything is started; undefined if nothing is. */
export const wrongRange = ({
  start,
  end,
}: {
  start?: string | undefined;
  end?: string | undefined;
}): string | undefined =>
  start !== undefined && end !== undefined && end < start
    ? `error: '--end' ${end} is before '--start' ${start}`
    : undefined;

/** Says what is wrong with `--day` beside `--start` and `--end`; undefined if nothing is. */
export const wrongDays = (days: {
  day?: string | undefined;
  start?: string | undefined;
  end?: string | undefined;
}): string | undefined =>
  days.day !== undefined && (days.start ?? days.end) !== undefined
    ? "error: '--day' is one day, '--start' and '--end' are a range; give one of them"
    : wrongRange(days);

/** Parses the number of days that run at once. */
export const parseConcurrency = (text: string): number => {
  const count = Number(text);
  if (!isConcurrency(count)) throw new InvalidArgumentError(`Expected a whole number from 1 to ${MOST_CONCURRENCY}.`);
  return count;
};

export const outputOption = () =>
  new Option('--output <form>', 'how to print the result').choices(['text', 'json'] as const).default('text' as const);

export const projectOption = () =>
  new Option(
    '--project <folder>',
    'the project folder (default: DAYBOOK_PROJECT, else this folder or the nearest above it with a config)',
  );

export const withWorkerOption = () =>
  new Option('--with-worker', 'run a worker in this process for as long as the command runs');

/** Formats examples for the end of a command's help: each command and its effect. */
export const examples = (...lines: readonly (readonly [command: string, meaning?: string])[]): string =>
  [
    '',
    'Examples:',
    ...lines.map(([command, meaning]) => `  $ ${command}${meaning === undefined ? '' : `\n      ${meaning}`}`),
  ].join('\n');

/** Defines `--replace-folder`: objects of a published day are gone, and the current listing replaces them. */
export const replaceFolderOption = () =>
  new Option(
    '--replace-folder',
    'if a published folder lost objects and got new ones: the new ones contain the old rows; rebuild from them alone',
  ).conflicts('keepVanished');

/** Defines `--keep-vanished`: objects of a published day are gone, and their rows are kept. */
export const keepVanishedOption = () =>
  new Option(
    '--keep-vanished',
    'if a published folder lost objects and got new ones: keep the old rows and add the new ones',
  );

/** Defines `--allow-empty`: a folder without objects is an empty day. */
export const allowEmptyOption = () =>
  new Option('--allow-empty', "treat a folder without objects as an empty day, regardless of the source's onEmpty");
