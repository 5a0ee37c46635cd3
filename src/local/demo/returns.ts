import { addDays, type Day } from '../../shared/day.js';
import type { Order, OrderFile } from './orders.js';

/** A returned parcel. */
export interface Return {
  id: string;
  order: Order;
  /** Epoch milliseconds. */
  at: number;
}

/** An object of the feed; most days have none. */
export interface ReturnFile {
  key: string;
  returns: Return[];
}

/** The only Berlin day with returns. */
const RETURN_DAY: Day = '2026-11-07';
const PARCELS = 4;
const REASONS = ['too small', 'Broken', 'too late', undefined] as const;

/** Returns a few checkouts of two days earlier, at noon. */
export function returnFiles(orders: readonly OrderFile[]): ReturnFile[] {
  const sold = orders
    .flatMap(({ rows }) => rows)
    .filter(({ order, rejected }) => !rejected && order.status === 'paid' && order.day === addDays(RETURN_DAY, -2))
    .slice(0, PARCELS);
  const noon = Date.parse(`${RETURN_DAY}T11:00:00Z`);
  const returns = sold.map(({ order }, index) => ({ id: `r-${index + 1}`, order, at: noon + index * 60_000 }));
  return [{ key: `raw/returns/dt=${RETURN_DAY}/returns-00.json`, returns }];
}

/** Encodes an object as plain JSON lines, because the feed is too small to compress. */
export const returnLines = ({ returns }: ReturnFile): string =>
  returns
    .map(({ id, order, at }, index) =>
      JSON.stringify({
        return_id: id,
        ts: new Date(at).toISOString(),
        order_id: order.id,
        amount: (order.cents / 100).toFixed(2),
        reason: REASONS[index % REASONS.length],
      }),
    )
    .map((line) => `${line}\n`)
    .join('');
