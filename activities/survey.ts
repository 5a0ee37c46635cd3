import { addDays, dayIn } from '../src/core/day.js';
import { earlierDays } from '../src/core/lookback.js';
import type { SurveyInput, SurveyResult } from '../src/core/messages.js';
import type { Dependencies } from './dependencies.js';

/**
 * Before a night: which day it is for, by calendar arithmetic in the project's zone, and which late days are looked at again:
 * those that objects may still come for, and those that look back on them.
 * A day that the project does not want (before its start) and that nobody published is not one of them.
 */
export async function survey(
  deps: Dependencies,
  { day: given, nominal }: SurveyInput,
): Promise<Omit<SurveyResult, 'ms'>> {
  const { config, aggregates } = await deps.loadProject();
  const looksBack = Math.max(0, ...aggregates.map(({ header }) => header.lookback));
  const day = given ?? addDays(dayIn(config.timezone, new Date(nominal)), -1);
  const window = earlierDays(day, config.lateDays === 0 ? 0 : config.lateDays + looksBack);
  const published = new Set((await deps.ledger.currentPublishes(window[0] ?? day, day)).map((record) => record.day));
  const late = window.filter((one) => published.has(one) || (config.start !== undefined && one >= config.start));
  return { project: config.project, day, late };
}
