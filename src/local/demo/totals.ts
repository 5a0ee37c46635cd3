import type { ObjectAccount } from '../../shared/accounts.js';
import { dayIn, type Day } from '../../shared/day.js';
import { DAYS, writeFolders, writeOrders, writeReturns, type WrittenObject } from './folders.js';
import type { Fate } from './lines.js';
import { ZONE, type ShopEvent } from './shop.js';

/** Totals of a folder: lines = rows + rejected + skipped + blank. Its rows may belong to neighbouring days. */
export interface FolderTotals {
  objects: number;
  lines: number;
  rows: number;
  rejected: number;
  skipped: number;
  blank: number;
}

/** Totals of a published day. */
export interface DayTotals {
  /** Rows without duplicates. */
  rows: number;
  /** Lines that repeat a row of the day. */
  duplicates: number;
  sessions: number;
  /** Sessions with a purchase: one checkout each. */
  orders: number;
  /** Pieces sold. */
  items: number;
  revenueCents: number;
  /** Sessions with a purchase and no cart: the rows that the test `bought_without_cart` reports. */
  boughtWithoutCart: number;
}

/** A line that must be rejected; `line` counts from 1, blank lines included. */
export interface DemoReject {
  object: string;
  line: number;
  why: string;
}

/** Totals of the source `orders`. Its objects all exist from the start. */
export interface OrderTotals {
  accounts: ObjectAccount[];
  rejects: DemoReject[];
  days: Record<Day, { orders: number; paidCents: number; refusedCents: number }>;
}

/** Totals of the source `returns`. All its lines are valid, and most of its folders are empty. */
export interface ReturnTotals {
  accounts: ObjectAccount[];
  /** By Berlin day; 0 for days without returns. */
  cents: Record<Day, number>;
}

/** Totals of the demo. All fields but `orders` and `returns` are about the source `events`. */
export interface DemoTotals {
  orders: OrderTotals;
  returns: ReturnTotals;
  /** In the order of the objects. */
  accounts: ObjectAccount[];
  folders: Record<Day, FolderTotals>;
  days: Record<Day, DayTotals>;
  rejects: DemoReject[];
}

/**
 * Computes the expected totals of the demo after an act, from the generated lines and without a query; tests compare the engine's
 * results with them. Act 2 counts everything, including the late object.
 */
export function demoTotals(act: 1 | 2): DemoTotals {
  const objects = writeFolders().filter((object) => object.act <= act);
  const folders = [...new Set(objects.map(({ folder }) => folder))];
  return {
    accounts: objects.map(accountOf),
    folders: Object.fromEntries(folders.map((folder) => [folder, folderTotals(objects, folder)])),
    days: Object.fromEntries(DAYS.map((day) => [day, dayTotals(objects, day)])),
    rejects: objects.flatMap(demoRejects),
    orders: orderTotals(),
    returns: returnTotals(),
  };
}

function returnTotals(): ReturnTotals {
  const files = writeReturns();
  return {
    accounts: files.map(({ key, returns: { length } }) => ({
      object: key,
      lines: length,
      rows: length,
      rejected: 0,
      skipped: 0,
      blank: 0,
    })),
    cents: Object.fromEntries(
      DAYS.map((day) => [
        day,
        files
          .flatMap(({ returns }) => returns)
          .filter(({ at }) => dayIn(ZONE, new Date(at)) === day)
          .reduce((sum, { order }) => sum + order.cents, 0),
      ]),
    ),
  };
}

function orderTotals(): OrderTotals {
  const files = writeOrders();
  const good = files.flatMap(({ rows }) => rows.filter(({ rejected }) => !rejected).map(({ order }) => order));
  const cents = (day: Day, status: string): number =>
    good.reduce((sum, order) => sum + (order.day === day && order.status === status ? order.cents : 0), 0);
  return {
    accounts: files.map(({ key, rows }) => {
      const rejected = rows.filter((row) => row.rejected).length;
      return { object: key, lines: rows.length, rows: rows.length - rejected, rejected, skipped: 0, blank: 0 };
    }),
    rejects: files.flatMap(({ key, rows }) =>
      rows.flatMap(({ rejected }, index) =>
        rejected ? [{ object: key, line: index + 1, why: 'negative amount' }] : [],
      ),
    ),
    days: Object.fromEntries(
      DAYS.map((day) => [
        day,
        {
          orders: good.filter((order) => order.day === day).length,
          paidCents: cents(day, 'paid'),
          refusedCents: cents(day, 'refused'),
        },
      ]),
    ),
  };
}

function accountOf({ key, lines }: WrittenObject): ObjectAccount {
  const count = (fate: Fate['is']): number => lines.filter((line) => line.fate.is === fate).length;
  return {
    object: key,
    lines: lines.length,
    rows: count('row'),
    rejected: count('rejected'),
    skipped: count('skipped'),
    blank: count('blank'),
  };
}

function folderTotals(objects: WrittenObject[], folder: Day): FolderTotals {
  const totals = { objects: 0, lines: 0, rows: 0, rejected: 0, skipped: 0, blank: 0 };
  for (const account of objects.filter((object) => object.folder === folder).map(accountOf)) {
    totals.objects += 1;
    totals.lines += account.lines;
    totals.rows += account.rows;
    totals.rejected += account.rejected;
    totals.skipped += account.skipped;
    totals.blank += account.blank;
  }
  return totals;
}

function dayTotals(objects: WrittenObject[], day: Day): DayTotals {
  const lines = objects.flatMap((object) => object.lines);
  const all = lines.flatMap(({ fate }) => (fate.is === 'row' && fate.event.day === day ? [fate.event] : []));
  const unique = [...new Map(all.map((event) => [event.id, event])).values()];
  const purchases = unique.filter(({ type }) => type === 'purchase');
  const bought = sessionsOf(purchases);
  const added = sessionsOf(unique.filter(({ type }) => type === 'add_to_cart'));
  return {
    rows: unique.length,
    duplicates: all.length - unique.length,
    sessions: sessionsOf(unique).size,
    orders: bought.size,
    items: purchases.reduce((sum, { quantity }) => sum + (quantity ?? 1), 0),
    revenueCents: purchases.reduce((sum, { product, quantity }) => sum + (product?.cents ?? 0) * (quantity ?? 1), 0),
    boughtWithoutCart: [...bought].filter((session) => !added.has(session)).length,
  };
}

function demoRejects({ key, lines }: WrittenObject): DemoReject[] {
  return lines.flatMap(({ fate }, index) =>
    fate.is === 'rejected' ? [{ object: key, line: index + 1, why: fate.why }] : [],
  );
}

const sessionsOf = (events: ShopEvent[]): Set<string> => new Set(events.map(({ session }) => session.id));
