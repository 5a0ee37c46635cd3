import { final } from '../errors.js';
import { command } from '../shared/commands.js';
import { dayIn, type Day } from '../shared/day.js';
import { sentence } from '../shared/sentence.js';
import type { Config } from './config/config.js';

/** What says which days should exist. */
type Calendar = Pick<Config, 'timezone' | 'start'>;

/** Answers whether a day should exist: from `start` on, where the project names it, up to today in the project's zone. */
export const isWanted = ({ timezone, start }: Calendar, day: Day, now: Date): boolean =>
  day <= dayIn(timezone, now) && (start === undefined || day >= start);

/**
 * Refuses a day that should not exist before anything of it is recorded: it was mistyped, most likely.
 *
 * @throws a final BadInput that says which days there are
 */
export function assertWanted(calendar: Calendar, day: Day, now: Date): void {
  if (isWanted(calendar, day, now)) return;
  const { timezone, start } = calendar;
  const today = dayIn(timezone, now);
  const wrong =
    day > today
      ? `${day} is in the future: today is ${today} in ${timezone}`
      : `${day} is before the project's first day, which daybook.config.ts calls start: ${start ?? ''}`;
  throw final(
    'BadInput',
    sentence(
      `${wrong}. Expected a day from ${start ?? 'the first one with data'} to ${today}; nothing was recorded. `,
      'The days that there are: ',
      command.status(),
    ),
    { details: { step: 'recover' } },
  );
}
