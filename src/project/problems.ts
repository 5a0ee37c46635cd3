import { inspect } from 'node:util';
import type { Problem } from './project.js';

/** One problem that only an edit mends. `where`, `what` and `fix` as in {@link Problem}. */
export const error = (where: string, what: string, fix: string): Problem => ({ severity: 'error', where, what, fix });

/** Something that works and may surprise. */
export const warning = (where: string, what: string, fix: string): Problem => ({
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
    ...problems.map(({ where, what, fix }) => `  ${where}: ${what}\n    ${fix.replaceAll('\n', '\n    ')}`),
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

/** The known name that was most likely meant by `name`, when it is at most two keystrokes away. */
export function meantBy(name: string, known: readonly string[]): string | undefined {
  const [nearest] = known
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= 2 && distance < candidate.length / 2)
    .sort((a, b) => a.distance - b.distance);
  return nearest?.candidate;
}

/** Insertions, deletions and replacements that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min(
          (row[j] ?? 0) + 1,
          (next[j - 1] ?? 0) + 1,
          (row[j - 1] ?? 0) + (a.charAt(i - 1) === b.charAt(j - 1) ? 0 : 1),
        ),
      );
    row = next;
  }
  return row[b.length] ?? 0;
}
