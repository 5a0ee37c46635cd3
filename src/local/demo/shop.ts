import { addDays, instantOf, type Day } from '../../shared/day.js';
import type { Random } from './random.js';

/** The time zone of the shop, as in the example project. */
export const ZONE = 'Europe/Berlin';

export type EventType = 'page_view' | 'add_to_cart' | 'purchase';

export interface Product {
  id: string;
  /** Price of one piece. */
  cents: number;
}

/** An action of a visitor, before it is written as a line. */
export interface ShopEvent extends Action {
  /** The day in Berlin on which it happened. */
  day: Day;
}

interface Action {
  id: string;
  /** Epoch milliseconds. */
  at: number;
  type: EventType;
  session: Session;
  product?: Product;
  quantity?: number;
}

/** One visit. `country` is as a server wrote it, normalized or not; undefined if unknown. */
export interface Session {
  id: string;
  user?: string;
  country?: string;
  os: string;
  browser: string;
  tags: string[];
  bot: boolean;
}

const PRODUCTS: Product[] = [
  1290, 450, 1999, 2490, 899, 3450, 5900, 1250, 799, 11900, 1590, 2290, 695, 8900, 349, 4750, 1890, 999, 2750, 14900,
].map((cents, index) => ({ id: `p-${String(index + 1).padStart(3, '0')}`, cents }));

const COUNTRIES = [
  ['DE', 58],
  ['AT', 14],
  ['CH', 9],
  ['NL', 6],
  ['FR', 5],
  ['de', 3],
  [' DE', 2],
  ['', 1],
] as const;
const DEVICES: readonly (readonly [{ os: string; browser: string }, number])[] = [
  [{ os: 'Android', browser: 'Chrome' }, 36],
  [{ os: 'iOS', browser: 'Safari' }, 30],
  [{ os: 'Windows', browser: 'Chrome' }, 14],
  [{ os: 'Windows', browser: 'Firefox' }, 8],
  [{ os: 'macOS', browser: 'Safari' }, 8],
  [{ os: 'Linux', browser: 'Firefox' }, 4],
];
const BOTS = ['Googlebot', 'bingbot', 'AhrefsBot'] as const;
const TAGS = ['newsletter', 'returning', 'Sale', 'gift', 'Frühbucher'] as const;

/** Visits by hour of the day: quiet nights, a lunch break, busy evenings. */
const HOURS = [6, 3, 2, 1, 1, 2, 5, 9, 13, 15, 17, 19, 22, 20, 17, 17, 19, 22, 26, 31, 34, 30, 20, 12].map(
  (weight, hour) => [hour, weight] as const,
);

/** Visitors by weekday, Monday first. */
const VISITS = [400, 380, 390, 410, 450, 540, 560] as const;

/** How a day differs from other days of the same weekday. */
export interface Variation {
  /** Percent of the usual number of visits. */
  visits?: number;
  /** Percent of visits that use the `buy now` button, which bypasses the cart. */
  buyNow?: number;
}

/** Generates all events of the visits that began on a Berlin day; a late visit may run into the next day. */
export function eventsOf(day: Day, random: Random, variation: Variation = {}): ShopEvent[] {
  const midnight = instantOf(day, '00:00', ZONE).getTime();
  const visits = Math.round(((VISITS[weekdayOf(day)] ?? 400) * (variation.visits ?? 100)) / 100);
  const people = Array.from({ length: visits }, () => {
    const start = midnight + random.weighted(HOURS) * 3_600_000 + random.below(3_600_000);
    return visit(start, person(random), random, random.chance(variation.buyNow ?? 0));
  });
  const crawlers = Array.from({ length: 6 }, () => crawl(midnight + (4 + random.below(18)) * 3_600_000, random));
  // Computed once: a calendar lookup per event would take longer than everything else.
  const end = midnightAfter(day);
  const next = addDays(day, 1);
  return [...people, ...crawlers].flat().map((action) => ({ ...action, day: action.at < end ? day : next }));
}

function visit(start: number, session: Session, random: Random, buyNow: boolean): Action[] {
  const actions = [actionAt(start, 'page_view', session, random)];
  let at = start;
  const step = (type: EventType, product: Product, quantity?: number): void => {
    at += 4_000 + random.below(70_000);
    actions.push({ ...actionAt(at, type, session, random), product, ...(quantity ? { quantity } : {}) });
  };
  const cart: [Product, number][] = [];
  for (let looked = random.below(8); looked > 0; looked--) {
    const product = random.pick(PRODUCTS);
    step('page_view', product);
    if (!random.chance(16)) continue;
    const quantity = random.weighted([[1, 80], [2, 15], [3, 5]] as const); // prettier-ignore
    cart.push([product, quantity]);
    step('add_to_cart', product, quantity);
  }
  if (cart.length > 0 && random.chance(45)) for (const [product, quantity] of cart) step('purchase', product, quantity);
  else if (cart.length === 0 && buyNow) step('purchase', random.pick(PRODUCTS), 1);
  return actions;
}

function crawl(start: number, random: Random): Action[] {
  const session = { ...person(random), os: 'Linux', browser: random.pick(BOTS), bot: true };
  return PRODUCTS.slice(0, 5 + random.below(8)).map((product, index) => ({
    ...actionAt(start + index * 900, 'page_view', session, random),
    product,
  }));
}

function person(random: Random): Session {
  const device = random.weighted(DEVICES);
  const country = random.weighted(COUNTRIES);
  return {
    id: `s-${random.uuid().slice(0, 13)}`,
    ...(random.chance(60) ? { user: `u-${String(1 + random.below(1500)).padStart(4, '0')}` } : {}),
    ...(country === '' ? {} : { country }),
    os: device.os,
    browser: device.browser,
    tags: TAGS.filter(() => random.chance(12)),
    bot: false,
  };
}

function actionAt(at: number, type: EventType, session: Session, random: Random): Action {
  return { id: random.uuid(), at, type, session };
}

/** Returns the weekday, 0 for Monday. 2024-01-01 was a Monday. */
function weekdayOf(day: Day): number {
  const days = Math.round((Date.parse(day) - Date.parse('2024-01-01')) / 86_400_000);
  return ((days % 7) + 7) % 7;
}

/** Returns the end of a Berlin day, in epoch milliseconds. */
export const midnightAfter = (day: Day): number => instantOf(addDays(day, 1), '00:00', ZONE).getTime();
