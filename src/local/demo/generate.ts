import type { Day } from '../../shared/day.js';
import { DAYS, writeFolders, writeOrders, writeReturns } from './folders.js';
import { orderParquet } from './order-parquet.js';
import { returnLines } from './returns.js';
import { storedGzip } from './stored-gzip.js';

export { demoTotals } from './totals.js';
export type { DayTotals, DemoReject, DemoTotals, FolderTotals } from './totals.js';

/** One raw object of the demo. Act 1 is uploaded first, act 2 after all days were published. */
export interface DemoObject {
  key: string;
  /** JSON lines, plain or gzip; Parquet; or empty for a marker. */
  body: Uint8Array;
  act: 1 | 2;
}

/** Returns the marker object of the payment provider's last folder; the demo uploads it while the day waits for it. */
export const lastMarker = (): DemoObject => markerOf(DAYS.at(-1) ?? '');

const markerOf = (folder: Day): DemoObject => ({
  key: `raw/orders/dt=${folder}/_SUCCESS`,
  body: new Uint8Array(),
  act: 1,
});

/** Returns the days of the demo, ascending: those that `daybook run` should publish. */
export const demoDays = (): Day[] => [...DAYS];

/** Generates the raw objects, act 1 first; the bytes are always the same. */
export async function demoObjects(): Promise<DemoObject[]> {
  const encoder = new TextEncoder();
  const events = writeFolders().map(({ key, act, lines }, index) => {
    // Some servers end the last line with a newline, others do not.
    const text = lines.map((line) => line.text).join('\n') + (index % 2 === 0 ? '\n' : '');
    return { key, act, body: storedGzip(encoder.encode(text)) };
  });
  const orders = await Promise.all(
    writeOrders().map(async (file) => ({ key: file.key, act: 1 as const, body: await orderParquet(file) })),
  );
  const markers = writeOrders().map(({ folder }) => markerOf(folder));
  const returns = writeReturns().map((file) => ({
    key: file.key,
    act: 1 as const,
    body: encoder.encode(returnLines(file)),
  }));
  return [...events, ...orders, ...returns, ...markers].sort((one, other) => one.act - other.act);
}
