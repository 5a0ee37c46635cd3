import { command } from '../../shared/commands.js';
import { numberText, plural } from '../../shared/format.js';
import { withApp, type ProjectOptions } from '../common/context.js';
import type { Output } from '../common/options.js';
import { print, printJson, typed } from '../common/output.js';
import { shorten, printable, terminalWidth } from '../common/text.js';
import { assertTables } from '../common/wanted.js';
import { trace, type Trace, type TracedInput, type TracedLine } from './rows.js';

/** Objects that are shown per table. */
const OBJECTS_SHOWN = 5;

const lineText = ({ object, line, text, gone }: TracedLine, width: number): string =>
  `  ${printable(object)}:${line}\n    ${gone === undefined ? shorten(text ?? '', width - 4) : `(${gone})`}`;

function inputText({ table, by, days, rows, objects, lines }: TracedInput, { day, ...of }: Trace, width: number) {
  const link = by.length === 0 ? 'all rows' : `rows with the same ${by.join(', ')}`;
  const reach = days === 1 ? `of ${day}` : `of the ${days} days up to ${day}`;
  return [
    '',
    `from ${table}: ${plural(rows, 'row')} (${link} ${reach}; ${of.table}'s own WHERE may select fewer)`,
    ...objects
      .slice(0, OBJECTS_SHOWN)
      .map(({ object, rows: count }) => `  ${numberText(count).padStart(10)}  ${printable(object)}`),
    ...(objects.length > OBJECTS_SHOWN
      ? [`  ${plural(objects.length - OBJECTS_SHOWN, 'object')} more: --output json`]
      : []),
    ...(lines.length > 0 ? ['', '  the first lines:', ...lines.map((line) => lineText(line, width))] : []),
    ...(objects.length === 0 && rows > 0 ? [`  trace them further: ${typed(command.trace(day, table, '…'))}`] : []),
  ];
}

function traceText(found: Trace): string {
  const width = terminalWidth();
  return [
    `${found.table} of ${found.day}:`,
    ...found.rows.map((row) => `  ${shorten(JSON.stringify(row), width - 2)}`),
    ...(found.lines.length > 0
      ? ['', 'from these raw lines:', ...found.lines.map((line) => lineText(line, width))]
      : []),
    ...found.inputs.flatMap((input) => inputText(input, found, width)),
  ].join('\n');
}

interface TraceOptions extends ProjectOptions {
  table: string;
  day: string;
  where: string;
  limit: number;
  output: Output;
}

/** Prints published rows with the raw lines and objects that they come from. */
export const showTrace = ({ project, output, ...asked }: TraceOptions): Promise<void> =>
  withApp({ project }, async (app) => {
    await app.ledger.assertReadable(app.project.config);
    await assertTables(app);
    const found = await trace(app, asked);
    if (output === 'json') printJson({ project: app.project.config.project, ...found });
    else print(traceText(found));
  });
