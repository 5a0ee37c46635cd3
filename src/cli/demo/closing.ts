import type { Stack } from '../../local/stack-file.js';
import { command, commandLine } from '../../shared/commands.js';
import { STACK_DIR } from '../common/options.js';

export interface Ending {
  /** Folder of the stack, as the user named it. */
  dir: string;
  /** The stack stays up. */
  up: boolean;
  /** The database that readers query. */
  database: string;
}

/** The last lines: where the histories and the tables are, and as the very last one the command that comes next. */
export function closing({ temporal, clickhouse, s3 }: Stack, { dir, up, database }: Ending): string[] {
  const query = `SELECT * FROM ${database}.daily_summary ORDER BY day FORMAT Pretty`;
  const lost =
    s3.kind === 'fauxqs' ? ' The raw objects were in memory, because versitygw could not be had, and are gone.' : '';
  return [
    up
      ? 'The stack stays up; the last line ends it. Meanwhile:'
      : `The stack has ended; ${dir}/ keeps its histories and tables.${lost} The last line opens it again; then:`,
    `  ${temporal.uiUrl} in a browser: the history of each day, step by step`,
    `  curl -u ${clickhouse.reader.user}:${clickhouse.reader.password} ${clickhouse.url} \\`,
    `    -d '${query}'`,
    '',
    commandLine(command.local(up ? 'down' : 'up', ...dirFlags(dir))),
  ];
}

/** What follows a `daybook local` command that means this folder. */
export const dirFlags = (dir: string): string[] => (dir === STACK_DIR ? [] : ['--dir', dir]);
