import { inspect } from 'node:util';
import { plain, type Text } from '../shared/sentence.js';
import type { Problem } from './project.js';

export { meantBy } from '../shared/inputs/meant.js';

/** One problem that only an edit mends. `where`, `what` and `fix` as in {@link Problem}. */
export const error = (where: string, what: string, fix: Text): Problem => ({ severity: 'error', where, what, fix });

/** Something that works and may surprise. */
export const warning = (where: string, what: string, fix: Text): Problem => ({
  severity: 'warning',
  where,
  what,
  fix,
});

/** Only the problems that stop a build. */
export const errorsOf = (problems: readonly Problem[]): Problem[] =>
  problems.filter(({ severity }) => severity === 'error');

/** All problems as one text for people: a heading with their number, then two lines for each. */
export function describeProblems(subject: string, problems: readonly Problem[]): string {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return [
    `${subject} has ${count}:`,
    ...problems.map(({ where, what, fix }) => `  ${where}: ${what}\n    ${plain(fix).replaceAll('\n', '\n    ')}`),
  ].join('\n');
}

/** A value as it was found, short enough for a message. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = inspect(value, { breakLength: Infinity });
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** `a, b or c`. */
export function either(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names[names.length - 1] ?? ''}`;
}
