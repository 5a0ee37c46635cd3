import type { Day } from './day.js';

/** A command of Daybook as data: its name, such as `schedule apply`, and its arguments. It becomes text where it is printed. */
export interface Command {
  name: string;
  args: string[];
}

const daybook = (name: string, ...args: string[]): Command => ({ name, args });
const range = (start: Day, end: Day) => ['--start', start, '--end', end];

/** Every command that a text names. */
export const command = {
  apply: (...flags: string[]) => daybook('apply', ...flags),
  backfill: (start: Day, end: Day, ...flags: string[]) => daybook('backfill', ...range(start, end), ...flags),
  backfills: (verb: 'pause' | 'resume' | 'cancel' | 'status', start: Day, end: Day) =>
    daybook(`backfill ${verb}`, ...range(start, end)),
  erase: (table: string, where: string, ...flags: string[]) =>
    daybook('erase', '--table', table, '--where', where, ...flags),
  /** Writes a new project into a folder. */
  init: (folder: string) => daybook('init', folder),
  check: () => daybook('check'),
  local: (verb: 'up' | 'down', ...flags: string[]) => daybook(`local ${verb}`, ...flags),
  /** Uploads files into the local stack's store. */
  localPut: (files: readonly string[], target: string) => daybook('local put', ...files, '--to', target),
  plan: (...flags: string[]) => daybook('plan', ...flags),
  rejects: (day: Day, source: string) => daybook('rejects', '--day', day, '--source', source),
  rejectsRetry: (day: Day) => daybook('rejects retry', '--day', day),
  /** Restores a publish of a day: 0 is none of them; without one it is the publish before the newest. */
  rollback: (day: Day, generation?: number, ...flags: string[]) =>
    daybook(
      'rollback',
      ...['--day', day],
      ...(generation === undefined ? [] : generation === 0 ? ['--to-empty'] : ['--generation', String(generation)]),
      ...flags,
    ),
  run: (day: Day, ...flags: string[]) => daybook('run', '--day', day, ...flags),
  schedule: (verb: 'apply' | 'trigger') => daybook(`schedule ${verb}`),
  status: (...flags: string[]) => daybook('status', ...flags),
  statusOf: (day: Day) => daybook('status', '--day', day),
  trace: (day: Day, table: string, where: string) => daybook('trace', '--day', day, '--table', table, '--where', where),
  unhold: (day: Day) => daybook('unhold', '--day', day),
  verify: (start: Day, end: Day) => daybook('verify', ...range(start, end)),
  verifyRebuild: (day: Day) => daybook('verify', '--day', day, '--rebuild'),
  worker: () => daybook('worker'),
};

/** Commands that are about a machine or a new folder, and take no `--project`. */
const WITHOUT_PROJECT = new Set(['init', 'local up', 'local down', 'local put']);

/**
 * A command as it is typed, its arguments quoted for a POSIX shell where they need it.
 *
 * @param project the folder that it is about, where the command would not find that by itself
 */
export function commandLine({ name, args }: Command, project?: string): string {
  const about = project === undefined || WITHOUT_PROJECT.has(name) ? [] : ['--project', project];
  return ['npx daybook', name, ...[...args, ...about].map(shellQuoted)].join(' ');
}

/** Only what no shell reads as something else stays as it is. */
export const shellQuoted = (argument: string): string =>
  /^[\w./:@%+=,-]+$/.test(argument) ? argument : singleQuoted(argument);

/** Quotes a text, whatever it contains, as POSIX shells and fish read it. */
export const singleQuoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
