import { endProcess, note, print, printJson, survivesReaders } from '../../src/cli/common/output.js';
import { plainTable } from '../../src/cli/common/text.js';

/*
 * Prints more than 5 MB in one of the ways in which commands print, and exits with code 1 as commands do. A handle is
 * kept that would keep the process running.
 */

/** Rows of about 100 characters. */
const ROWS = 60_000;

const rows = Array.from({ length: ROWS }, (_, index) => ({ line: index, text: 'ä'.repeat(40) }));
const lines = rows.map(({ line, text }) => `${line} ${text}${text}`);

const ways: Record<string, () => void> = {
  json: () => {
    printJson({ rows });
  },
  text: () => {
    print(lines.join('\n'));
  },
  lines: () => {
    for (const line of lines) print(line);
  },
  // Few wide rows: laying out many takes the library of tables minutes.
  table: () => {
    const wide = 'a'.repeat(10_000);
    print(
      plainTable(
        ['line', { right: 'text' }],
        Array.from({ length: 600 }, (_, index) => [String(index), wide]),
      ),
    );
  },
  notes: () => {
    for (const line of lines) note(line);
  },
};

survivesReaders();
setInterval(() => undefined, 60_000);
ways[process.argv[2] ?? '']?.();
process.exitCode = 1;
await endProcess();
