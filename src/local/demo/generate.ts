import type { Day } from '../../core/day.js';
import { DAYS, writeFolders, writeOrders } from './folders.js';
import { orderParquet } from './order-parquet.js';
import { storedGzip } from './stored-gzip.js';

export { demoTotals } from './totals.js';
export type { DayTotals, DemoReject, DemoTotals, FolderTotals } from './totals.js';

/** One raw object of the demo. Act 1 is uploaded at first, act 2 after all days were published. */
export interface DemoObject {
  key: string;
  /** Gzip of JSON lines, or Parquet. */
  body: Uint8Array;
  act: 1 | 2;
}

/** The days of the demo, ascending: those that `daybook run` should publish. */
export const demoDays = (): Day[] => [...DAYS];

/** The raw objects, act 1 first; the same bytes on every machine and at every time. */
export async function demoObjects(): Promise<DemoObject[]> {
  const encoder = new TextEncoder();
  const events = writeFolders().map(({ key, act, lines }, index) => {
    // Some servers end their last line with a newline and some do not.
    const text = lines.map((line) => line.text).join('\n') + (index % 2 === 0 ? '\n' : '');
    return { key, act, body: storedGzip(encoder.encode(text)) };
  });
  const orders = await Promise.all(
    writeOrders().map(async (file) => ({ key: file.key, act: 1 as const, body: await orderParquet(file) })),
  );
  return [...events, ...orders].sort((one, other) => one.act - other.act);
}
