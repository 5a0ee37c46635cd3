import { final } from '../errors.js';
import { command } from '../shared/commands.js';
import { dayIn, type Day } from '../shared/day.js';
import { sentence } from '../shared/sentence.js';
import type { Config } from './config/config.js';

/** The config fields that define which days should exist. */
type Calendar = Pick<Config, 'timezone' | 'start'>;

/** Returns whether a day should exist: from the project's `start`, if set, up to today in the project's zone. */
export const isWanted = ({ timezone, start }: Calendar, day: Day, now: Date): boolean =>
  day <= dayIn(timezone, now) && (start === undefined || day >= start);

/**
 * Rejects a day that should not exist, before anything is recorded for it: most likely it was mistyped.
 *
 * @throws a final BadInput that names the valid range
 */
export function assertWanted(calendar: Calendar, day: Day, now: Date): void {
  if (isWanted(calendar, day, now)) return;
  const { timezone, start } = calendar;
  const today = dayIn(timezone, now);
  const wrong =
    day > today
      ? `${day} is in the future: today is ${today} in ${timezone}`
      : `${day} is before the project's first day, ${start ?? ''} (start in daybook.config.ts)`;
  throw final(
    'BadInput',
    sentence(
      `${wrong}. Expected a day from ${start ?? 'the first one with data'} to ${today}; nothing was recorded. `,
      'To list the days: ',
      command.status(),
    ),
    { details: { step: 'recover' } },
  );
}
