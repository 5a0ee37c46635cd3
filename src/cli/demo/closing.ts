import type { Stack } from '../../local/stack-file.js';
import { command, commandLine } from '../../shared/commands.js';

export interface Ending {
  /** Folder of the stack, as the user wrote it. */
  dir: string;
  /** Whether the stack keeps running. */
  up: boolean;
  /** The database that readers query. */
  database: string;
}

/** Returns the closing lines: where to find the histories and the tables, and as the last line the next command. */
export function closing({ temporal, clickhouse, s3 }: Stack, { dir, up, database }: Ending): string[] {
  const query = `SELECT * FROM ${database}.daily_summary ORDER BY day FORMAT Pretty`;
  const lost =
    s3.kind === 'fauxqs'
      ? ' The raw objects were kept in memory, because versitygw was not available, and are lost.'
      : '';
  return [
    up
      ? 'The stack keeps running; the last line stops it. Look around:'
      : `The stack has stopped; its histories and tables are in ${dir}/.${lost} The last line starts it again; then:`,
    `  ${temporal.uiUrl} in a browser: the history of each day, step by step`,
    `  curl -u ${clickhouse.reader.user}:${clickhouse.reader.password} ${clickhouse.url} \\`,
    `    -d '${query}'`,
    '',
    commandLine(command.local(up ? 'down' : 'up', '--dir', dir)),
  ];
}
