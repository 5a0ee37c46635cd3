import { InvalidArgumentError, Option } from '@commander-js/extra-typings';

/** Reads an option's whole number that is at least so large. */
export const parseWhole =
  (least: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least)
      throw new InvalidArgumentError(`Expected a whole number, ${least} or more.`);
    return value;
  };

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
