import { inspect } from 'node:util';
import { plain, type Text } from '../shared/sentence.js';
import type { Problem } from './project.js';

export { meantBy } from '../shared/inputs/meant.js';

/** Creates an error, which only an edit can fix. `where`, `what` and `fix` are as in {@link Problem}. */
export const error = (where: string, what: string, fix: Text): Problem => ({ severity: 'error', where, what, fix });

/** Creates a warning about something that works but is probably not intended. */
export const warning = (where: string, what: string, fix: Text): Problem => ({
  severity: 'warning',
  where,
  what,
  fix,
});

/** Returns only the problems that prevent a build. */
export const errorsOf = (problems: readonly Problem[]): Problem[] =>
  problems.filter(({ severity }) => severity === 'error');

/** Formats problems as one text: a heading with their number, then two lines for each. */
export function describeProblems(subject: string, problems: readonly Problem[]): string {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return [
    `${subject} has ${count}:`,
    ...problems.map(({ where, what, fix }) => `  ${where}: ${what}\n    ${plain(fix).replaceAll('\n', '\n    ')}`),
  ].join('\n');
}

/** Formats a value for a message, shortened if it is long. */
export function valueText(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = inspect(value, { breakLength: Infinity });
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** Joins names as `a, b or c`. */
export function either(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names[names.length - 1] ?? ''}`;
}
