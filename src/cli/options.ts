import { InvalidArgumentError } from '@commander-js/extra-typings';

/** Reads an option's whole number that is at least so large. */
export const parseWhole =
  (least: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least)
      throw new InvalidArgumentError(`Expected a whole number, ${least} or more.`);
    return value;
  };
