import type { z } from 'zod';
import { error, meantBy, valueText, warning } from '../problems.js';
import type { Problem } from '../project.js';
import { configSchema, type Config } from './config.js';
import { hoursOf } from './cron.js';

/**
 * Parses the export of a config file. Returns all problems at once, each with its path; `config` is set if none is an error.
 */
export function parseConfig(exported: unknown): { config?: Config; problems: Problem[] } {
  const result = configSchema.safeParse(exported, { reportInput: true });
  if (!result.success) return { problems: result.error.issues.flatMap(problemsOf) };
  return { config: result.data, problems: warningsIn(result.data) };
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
  // If the user wrote the webhook's address instead of a variable name, the address must not end up in a workflow history.
  const secret = issue.path[0] === 'alerts' && typeof issue.input === 'string';
  const found = `found ${secret ? 'a text' : valueText(issue.input)}, expected ${issue.message}`;
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

/** Warns about values that are allowed but probably not intended. */
function warningsIn({ schedule }: Config): Problem[] {
  const early = hoursOf(schedule).filter((hour) => hour < 3);
  if (early.length === 0) return [];
  const what = `'${schedule}' fires between 00:00 and 03:00, when daylight saving skips or repeats an hour, and late events still arrive`;
  return [warning('schedule', what, "Choose a time from 03:00 on, such as '30 4 * * *'.")];
}
