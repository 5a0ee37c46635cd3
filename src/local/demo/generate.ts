import type { Day } from '../../core/day.js';
import { DAYS, writeFolders } from './folders.js';
import { storedGzip } from './stored-gzip.js';

export { demoTotals } from './totals.js';
export type { DayTotals, DemoReject, DemoTotals, FolderTotals } from './totals.js';

/** One raw object of the demo. Act 1 is uploaded at first, act 2 after all days were published. */
export interface DemoObject {
  key: string;
  /** Gzip of JSON lines. */
  body: Uint8Array;
  act: 1 | 2;
}

/** The days of the demo, ascending: those that `daybook run` should publish. */
export const demoDays = (): Day[] => [...DAYS];

/** The raw objects, act 1 first; the same bytes on every machine and at every time. */
export function demoObjects(): DemoObject[] {
  const encoder = new TextEncoder();
  return writeFolders().map(({ key, act, lines }, index) => {
    // Some servers end their last line with a newline and some do not.
    const text = lines.map((line) => line.text).join('\n') + (index % 2 === 0 ? '\n' : '');
    return { key, act, body: storedGzip(encoder.encode(text)) };
  });
}
