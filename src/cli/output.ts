import { Option } from '@commander-js/extra-typings';

/** Results go to stdout; everything else goes to stderr. */
export const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

export const note = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

/** One JSON document on stdout and nothing else. */
export const printJson = (value: unknown): void => {
  print(JSON.stringify(value, null, 2));
};

export const outputOption = () =>
  new Option('--output <form>', 'how to print the result').choices(['text', 'json'] as const).default('text' as const);

export const projectOption = () =>
  new Option('--project <folder>', 'the project folder (default: DAYBOOK_PROJECT, this folder, or the example)');

/** Examples at the end of a command's help: what to type, and what it does. */
export const examples = (...lines: readonly (readonly [command: string, meaning?: string])[]): string =>
  [
    '',
    'Examples:',
    ...lines.map(([command, meaning]) => `  $ ${command}${meaning === undefined ? '' : `\n      ${meaning}`}`),
  ].join('\n');
