import { duration } from '../../shared/format.js';

const STYLES = { bold: 1, dim: 2, green: 32, yellow: 33, cyan: 36 } as const;
type Style = keyof typeof STYLES;

/** A stream as far as a page needs it: `process.stdout`, or a test's. */
export interface Sheet {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
  hasColors?(): boolean;
}

/** Lines wider than this are hard to read, whatever the terminal offers. */
const WIDEST = 100;
/** What follows a line's label begins at this column. */
const INDENT = 12;
/** Between what happened and its time. */
const GAP = 2;

/** Prints aligned lines: a label, what happened, and at the right edge how long it took. */
export type Page = ReturnType<typeof openPage>;

/** Colours are used on a terminal that has them, unless NO_COLOR is set. */
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
    /** An enumeration as far as it fits beside its time, then `…`. */
    fit(what: string, ms: number): string {
      const room = width - INDENT - duration(ms).length - GAP;
      if (what.length <= room) return what;
      const shown = what.slice(0, room - 1);
      return `${shown.slice(0, Math.max(shown.lastIndexOf(', '), shown.lastIndexOf('; ')) + 2)}…`;
    },
    /** A sentence below what it belongs to, on as many lines as it needs. */
    note(text: string): void {
      const lines = [''];
      for (const word of text.split(' ')) {
        const longer = `${lines.at(-1) ?? ''} ${word}`.trimStart();
        if (longer.length <= width - INDENT) lines[lines.length - 1] = longer;
        else lines.push(word);
      }
      for (const one of lines) print(' '.repeat(INDENT) + one);
    },
    /** `ms` is left out where no time is told. */
    row(label: string, what: string, ms?: number, style: Style = 'cyan'): void {
      const took = ms === undefined ? '' : duration(ms);
      const free = width - INDENT - what.length - took.length;
      const told = took === '' ? '' : `${' '.repeat(Math.max(GAP, free))}${paint('dim', took)}`;
      print(`${paint(style, label.padEnd(INDENT))}${what}${told}`);
    },
  };
}
