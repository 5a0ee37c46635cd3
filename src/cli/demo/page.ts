import { durationText } from '../../shared/format.js';

const STYLES = { bold: 1, dim: 2, green: 32, yellow: 33, cyan: 36 } as const;
type Style = keyof typeof STYLES;

/** The part of a stream that a page uses: `process.stdout`, or a stream of a test. */
export interface Sheet {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
  hasColors?(): boolean;
}

/** The widest line, also on a wider terminal. */
const WIDEST = 100;
/** Column at which the text after a label begins. */
const INDENT = 12;
/** Least space between a text and its duration. */
const GAP = 2;

/** Prints aligned lines: a label, a text, and its duration at the right edge. */
export type Page = ReturnType<typeof openPage>;

/** Opens a page on a stream; colours are used if the terminal has them and NO_COLOR is not set. */
export function openPage(sheet: Sheet) {
  const colours = sheet.isTTY === true && sheet.hasColors?.() === true;
  const width = Math.min(WIDEST, sheet.isTTY === true ? (sheet.columns ?? WIDEST) : WIDEST);
  const paint = (style: Style, text: string) => (colours ? `\u001b[${STYLES[style]}m${text}\u001b[0m` : text);
  const print = (text = '') => {
    sheet.write(`${text}\n`);
  };
  return {
    paint,
    print,
    /** Shortens an enumeration with `…` so that it fits beside its duration. */
    fit(what: string, ms: number): string {
      const room = width - INDENT - durationText(ms).length - GAP;
      if (what.length <= room) return what;
      const shown = what.slice(0, room - 1);
      return `${shown.slice(0, Math.max(shown.lastIndexOf(', '), shown.lastIndexOf('; ')) + 2)}…`;
    },
    /** Prints a sentence below its row, wrapped. */
    note(text: string): void {
      const lines = [''];
      for (const word of text.split(' ')) {
        const longer = `${lines.at(-1) ?? ''} ${word}`.trimStart();
        if (longer.length <= width - INDENT) lines[lines.length - 1] = longer;
        else lines.push(word);
      }
      for (const one of lines) print(' '.repeat(INDENT) + one);
    },
    /** Prints a row; without `ms` it has no duration. */
    row(label: string, what: string, ms?: number, style: Style = 'cyan'): void {
      const took = ms === undefined ? '' : durationText(ms);
      const free = width - INDENT - what.length - took.length;
      const time = took === '' ? '' : `${' '.repeat(Math.max(GAP, free))}${paint('dim', took)}`;
      print(`${paint(style, label.padEnd(INDENT))}${what}${time}`);
    },
  };
}
