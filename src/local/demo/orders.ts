import type { Day } from '../../shared/day.js';
import type { ShopEvent } from './shop.js';

/** The payment provider's record of a checkout. */
export interface Order {
  id: string;
  /** Epoch milliseconds. */
  at: number;
  /** The day in Berlin on which it was paid. */
  day: Day;
  user?: string;
  country?: string;
  cents: number;
  status: 'paid' | 'refused';
}

/** One row of an object, and whether it must be rejected. */
export interface OrderRow {
  order: Order;
  rejected: boolean;
}

/** An object before it is encoded. */
export interface OrderFile {
  key: string;
  /** The date in UTC that its folder is named after. */
  folder: Day;
  /** The provider's new release adds the payment method and drops the country. */
  release: 1 | 2;
  rows: OrderRow[];
}

/** On this day the provider sends one amount with the wrong sign. */
const REFUND: Day = '2026-11-06';
/** From this day on the provider runs its new release. */
const RELEASE: Day = '2026-11-08';

/** Generates one object for each UTC date with a checkout, together with all checkouts of the events. */
export function orderFiles(events: readonly ShopEvent[]): OrderFile[] {
  const orders = ordersOf(events).sort((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1));
  return [...new Set(orders.map(orderFolder))].map((folder) => {
    const rows = orders.filter((order) => orderFolder(order) === folder).map((order) => ({ order, rejected: false }));
    const middle = Math.floor(rows.length / 2);
    const [wrong] = rows.slice(middle);
    if (folder === REFUND && wrong) {
      const { order } = wrong;
      rows.splice(middle, 0, { order: { ...order, id: `${order.id}-r`, cents: -order.cents }, rejected: true });
    }
    return { key: `raw/orders/dt=${folder}/orders-00.parquet`, folder, release: folder < RELEASE ? 1 : 2, rows };
  });
}

/** Derives the checkouts: one per visit with a purchase, at its last purchase. */
function ordersOf(events: readonly ShopEvent[]): Order[] {
  const checkouts = new Map<string, ShopEvent[]>();
  for (const event of events)
    if (event.type === 'purchase') checkouts.set(event.session.id, [...(checkouts.get(event.session.id) ?? []), event]);
  return [...checkouts.values()].flatMap((bought) => {
    const last = bought.at(-1);
    if (!last) return [];
    const { id, user, country } = last.session;
    return [
      {
        id: `o-${id}`,
        at: last.at,
        day: last.day,
        ...(user === undefined ? {} : { user }),
        ...(country === undefined ? {} : { country }),
        cents: bought.reduce((sum, { product, quantity }) => sum + (product?.cents ?? 0) * (quantity ?? 1), 0),
        status: parseInt(id.slice(2, 8), 16) % REFUSED_OF === 0 ? ('refused' as const) : ('paid' as const),
      },
    ];
  });
}

/** One card in this many is refused. */
const REFUSED_OF = 25;

const orderFolder = ({ at }: Order): Day => new Date(at).toISOString().slice(0, 10);
