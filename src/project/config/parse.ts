import type { z } from 'zod';
import { error, meantBy, shown, warning } from '../problems.js';
import type { Problem } from '../project.js';
import { configSchema, type Config } from './config.js';
import { hoursOf } from './cron.js';

/**
 * Reads what a config file exports. All problems come at once, each with its path; `config` is there when none is an error.
 */
export function parseConfig(exported: unknown): { config?: Config; problems: Problem[] } {
  const result = configSchema.safeParse(exported, { reportInput: true });
  if (!result.success) return { problems: result.error.issues.flatMap(problemsOf) };
  return { config: result.data, problems: surprisesIn(result.data) };
}

function problemsOf(issue: z.core.$ZodIssue): Problem[] {
  const where = issue.path.join('.') || 'the default export';
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(issue.path, key, issue.message));
  if (issue.code === 'invalid_key') {
    const expected = issue.issues[0]?.message ?? issue.message;
    return [error(where, `found the name '${String(issue.path.at(-1))}', expected ${expected}`, 'Rename it.')];
  }
  const fix = issue.code === 'custom' ? (issue.params?.['fix'] as unknown) : undefined;
  if (typeof fix === 'string') return [error(where, issue.message, fix)];
  // Whoever writes the address of a webhook where only its variable belongs must not read it in a history.
  const secret = issue.path[0] === 'alerts' && typeof issue.input === 'string';
  const found = `found ${secret ? 'a text' : shown(issue.input)}, expected ${issue.message}`;
  return [error(where, found, issue.input === undefined ? 'Add it; it has no default.' : 'Correct the value.')];
}

function unknownKey(path: PropertyKey[], key: string, known: string): Problem {
  const meant = meantBy(key, known.split(', '));
  return error(
    [...path, key].join('.'),
    `found an unknown key, expected one of ${known}`,
    meant === undefined ? 'Remove it.' : `Did you mean '${meant}'?`,
  );
}

/** What is allowed and may still not be what was meant. */
function surprisesIn({ schedule }: Config): Problem[] {
  const early = hoursOf(schedule).filter((hour) => hour < 3);
  if (early.length === 0) return [];
  const what = `'${schedule}' fires between 00:00 and 03:00, where daylight saving skips or repeats an hour, and late events still arrive`;
  return [warning('schedule', what, "Choose a time from 03:00 on, such as '30 4 * * *'.")];
}
