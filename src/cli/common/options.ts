import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { isConcurrency, MOST_CONCURRENCY } from '../../shared/inputs/backfill.js';
import { isDay } from '../../shared/iso-day.js';

/*
 * What the definitions in commands/ share. `--help` loads all of them, so neither they nor this file import anything that takes
 * time to load; what a command does lies in the other modules of this folder, and its action imports it.
 */

/** Folder in which `daybook local up` keeps its stack. */
export const STACK_DIR = '.daybook';

/** Days that `plan` looks at when it is given no start. */
export const PLANNED_DAYS = 31;

export type Output = 'text' | 'json';

/** Reads an option's whole number that is at least so large. */
export const parseWhole =
  (least: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least)
      throw new InvalidArgumentError(`Expected a whole number, ${least} or more.`);
    return value;
  };

/** A day by name; `main.ts` replaces it once the project's time zone is known. */
export const YESTERDAY = 'yesterday';

/** Reads an option's day. */
export const parseDay = (text: string): string => {
  if (text !== YESTERDAY && !isDay(text))
    throw new InvalidArgumentError('Expected a date that exists, written YYYY-MM-DD, or yesterday.');
  return text;
};

/** Reads how many days may be under way at once. */
export const parseConcurrency = (text: string): number => {
  const count = Number(text);
  if (!isConcurrency(count)) throw new InvalidArgumentError(`Expected a whole number from 1 to ${MOST_CONCURRENCY}.`);
  return count;
};

export const outputOption = () =>
  new Option('--output <form>', 'how to print the result').choices(['text', 'json'] as const).default('text' as const);

export const projectOption = () =>
  new Option('--project <folder>', 'the project folder (default: DAYBOOK_PROJECT, this folder, or the example)');

/** Examples at the end of a command's help: what to type, and what it does. */
export const examples = (...lines: readonly (readonly [command: string, meaning?: string])[]): string =>
  [
    '',
    'Examples:',
    ...lines.map(([command, meaning]) => `  $ ${command}${meaning === undefined ? '' : `\n      ${meaning}`}`),
  ].join('\n');

/** `--replace-folder`: where objects that a day was published from are gone, what is listed now is the truth. */
export const replaceFolderOption = () =>
  new Option(
    '--replace-folder',
    'where objects of the published day are gone and new ones came: the new ones hold the old rows, which go',
  ).conflicts('keepVanished');

/** `--keep-vanished`: where objects that a day was published from are gone, their rows stay. */
export const keepVanishedOption = () =>
  new Option(
    '--keep-vanished',
    'where objects of the published day are gone and new ones came: the old rows stay beside the new ones',
  );

/** `--allow-empty`: a folder without objects is an empty day. */
export const allowEmptyOption = () =>
  new Option('--allow-empty', "a folder without objects is an empty day, whatever the source's onEmpty says");
