import { Command } from '@commander-js/extra-typings';
import { number, plural } from '../core/format.js';
import { withApp } from './context.js';
import { parseWhole } from './options.js';
import { examples, outputOption, print, printJson, projectOption } from './output.js';
import { parseDay } from './run.js';
import { cut, printable, terminalWidth } from './text.js';
import { trace, type Trace, type TracedInput, type TracedLine } from './trace-rows.js';

/** Rows and lines shown without `--limit`. */
const LIMIT = 5;

const lineText = ({ object, line, text, gone }: TracedLine, width: number): string =>
  `  ${printable(object)}:${line}\n    ${gone === undefined ? cut(text ?? '', width - 4) : `(${gone})`}`;

function inputText({ table, by, days, rows, objects, lines }: TracedInput, { day, ...of }: Trace, width: number) {
  const link = by.length === 0 ? 'all rows' : `rows with the same ${by.join(', ')}`;
  const reach = days === 1 ? `of ${day}` : `of the ${days} days up to ${day}`;
  return [
    '',
    `from ${table}: ${plural(rows, 'row')} (${link} ${reach}; ${of.table}'s own WHERE may take fewer)`,
    ...objects
      .slice(0, LIMIT)
      .map(({ object, rows: count }) => `  ${number(count).padStart(10)}  ${printable(object)}`),
    ...(objects.length > LIMIT ? [`  ${plural(objects.length - LIMIT, 'object')} more: --output json`] : []),
    ...(lines.length > 0 ? ['', '  the first lines:', ...lines.map((line) => lineText(line, width))] : []),
    ...(objects.length === 0 && rows > 0
      ? [`  further: npx daybook trace --day ${day} --table ${table} --where "…"`]
      : []),
  ];
}

function textOf(found: Trace): string {
  const width = terminalWidth();
  return [
    `${found.table} of ${found.day}:`,
    ...found.rows.map((row) => `  ${cut(JSON.stringify(row), width - 2)}`),
    ...(found.lines.length > 0
      ? ['', 'made of these raw lines:', ...found.lines.map((line) => lineText(line, width))]
      : []),
    ...found.inputs.flatMap((input) => inputText(input, found, width)),
  ].join('\n');
}

export const traceCommand = () =>
  new Command('trace')
    .description('From published rows back to the raw lines and objects that they were made of')
    .requiredOption('--table <name>', 'a table of the project')
    .requiredOption('--day <YYYY-MM-DD>', 'the day of the rows', parseDay)
    .option('--where <expression>', 'which rows of the day: a condition in SQL', 'true')
    .option('--limit <rows>', 'rows and lines shown', parseWhole(1), LIMIT)
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        [
          `daybook trace --day 2026-11-05 --table events --where "type = 'purchase' AND unit_price > 100"`,
          'the raw line of each row, as it stands in its object',
        ],
        [
          `daybook trace --day 2026-11-05 --table daily_sales --where "country = 'DE'"`,
          'the rows and objects behind a number',
        ],
      ),
    )
    .action(({ table, day, where, limit, project, output }) =>
      withApp({ project }, async (app) => {
        await app.ledger.assertReadable();
        const found = await trace(app, { table, day, where, limit });
        if (output === 'json') printJson({ project: app.project.config.project, ...found });
        else print(textOf(found));
      }),
    );
