import { z } from 'zod';
import { isDay, isZone } from '../../shared/day.js';
import { either } from '../problems.js';
import { parseDuration, parseShare, parseSize } from '../units.js';
import { isCron } from './cron.js';
import { isDatedPrefix } from './prefix.js';

/*
 * The types of config values. The message of each is what was expected, as a noun; the printed problem puts what was found in
 * front of it.
 */

export const text = (expected: string, holds: (value: string) => boolean) => z.string(expected).refine(holds, expected);

export const pattern = (expected: string, form: RegExp) => text(expected, (value) => form.test(value));

export const listField = <Item extends z.ZodType>(expected: string, item: Item) => z.array(item, expected);

export const wholeNumber = (least: number) => {
  const expected = `a whole number, at least ${least}`;
  return z.int(expected).min(least, expected);
};

export const oneOf = <const Names extends readonly string[]>(...names: Names) =>
  z.enum(names, either(names.map((name) => `'${name}'`)));

/** Parses a text into milliseconds, `least` or more. */
export const duration = (example: string, least = 1) =>
  convertedText(`a duration such as '${example}'`, (value) => {
    const milliseconds = parseDuration(value);
    return milliseconds !== undefined && milliseconds >= least ? milliseconds : undefined;
  });

/** Parses a text into bytes. */
export const size = (example: string) =>
  convertedText(`a size such as '${example}'`, (value) => {
    const bytes = parseSize(value);
    return bytes === 0 ? undefined : bytes;
  });

export const zone = text("a zone of the IANA database such as 'Europe/Berlin'", isZone);

export const calendarDay = text('a date that exists, written YYYY-MM-DD', isDay);

export const timeOfDay = pattern("a time of day such as '06:00'", /^([01]\d|2[0-3]):[0-5]\d$/);

export const cron = text("five cron fields such as '30 4 * * *'", isCron);

export const datedPrefix = text(
  "a prefix such as 'raw/events/dt={YYYY}-{MM}-{DD}/': {YYYY}, {MM} or {M}, {DD} or {D}, no other token, no leading '/', and {M} and {D} followed by something other than a digit",
  isDatedPrefix,
);

const LIMIT = "a share such as '1%' or a number of lines such as 100";

/** Parses a percentage into `{ share }`, a number into `{ lines }`. */
export const rejectLimit = z.union(
  [
    convertedText(LIMIT, parseShare),
    z
      .int(LIMIT)
      .min(0, LIMIT)
      .transform((lines) => ({ lines })),
  ],
  LIMIT,
);

/** The name of a variable that holds a secret. An invalid value is not shown: it may be the secret itself. */
export const variableName = z
  .string('the name of an environment variable')
  .refine((name) => /^[A-Za-z_]\w*$/.test(name), {
    error: 'found a text that is not the name of an environment variable',
    params: {
      fix: "Name the variable that holds the address, such as 'SLACK_WEBHOOK_URL'; the address itself stays out of the config.",
    },
  });

function convertedText<Value>(expected: string, convert: (value: string) => Value | undefined) {
  return z.string(expected).transform((value, context): Value => {
    const result = convert(value);
    if (result !== undefined) return result;
    context.addIssue({ code: 'custom', message: expected, input: value });
    return z.NEVER;
  });
}
