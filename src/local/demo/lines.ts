import type { Random } from './random.js';
import type { ShopEvent } from './shop.js';

/** What must become of a line, known because the line was written to meet it. */
export type Fate =
  { is: 'row'; event: ShopEvent } | { is: 'rejected'; why: string } | { is: 'skipped' } | { is: 'blank' };

/** One line of an object, without its newline. */
export interface Line {
  text: string;
  fate: Fate;
}

export const BLANK: Line = { text: '', fate: { is: 'blank' } };

/** The line that a web server writes for an event. Crawlers are for the project's SQL to skip. */
export function lineOf(event: ShopEvent): Line {
  return { text: JSON.stringify(rawOf(event)), fate: event.session.bot ? { is: 'skipped' } : { is: 'row', event } };
}

/**
 * Lines that no row can be made of: each event written as it should not be, in a different way from the one before.
 * The events must be those of people, because a crawler's line is skipped before anything else is asked of it.
 */
export function badLines(events: readonly ShopEvent[]): Line[] {
  return events.map((event, index) => {
    const [why, spoil] = WAYS[index % WAYS.length] ?? fail();
    return { text: spoil(event), fate: { is: 'rejected', why } };
  });
}

const but = (event: ShopEvent, changes: Record<string, unknown>): string =>
  JSON.stringify({ ...rawOf(event), ...changes });

const WAYS: readonly (readonly [why: string, spoil: (event: ShopEvent) => string])[] = [
  ['cut off', (event) => but(event, {}).slice(0, 120)],
  ['price is not a number', (event) => but(event, { price: 'free' })],
  ['no time', (event) => but(event, { ts: undefined })],
  ['a date that does not exist', (event) => but(event, { ts: '2026-02-30T10:00:00.000Z' })],
  ['a clock years behind, so no day takes the row', (event) => but(event, { ts: '2019-01-01T00:00:12.000Z' })],
  ['unknown type', (event) => but(event, { event_type: 'purchse' })],
  ['purchase without price', (event) => but(event, { event_type: 'purchase', price: undefined })],
  ['negative price', (event) => but(event, { price: -4.5 })],
  ['half a piece', (event) => but(event, { quantity: 0.5 })],
  ['not JSON', () => 'upstream timed out (110: Connection timed out) while reading response header'],
  ['not an object', (event) => JSON.stringify([rawOf(event)])],
];

/** Puts a line somewhere between the first and the last: what ends an object stays an ordinary event. */
export function slipIn(lines: Line[], line: Line, random: Random): void {
  lines.splice(1 + random.below(lines.length - 1), 0, line);
}

function rawOf({ id, at, type, session, product, quantity }: ShopEvent): Record<string, unknown> {
  return {
    event_id: id,
    ts: new Date(at).toISOString(),
    event_type: type,
    session_id: session.id,
    user_id: session.user,
    country: session.country,
    product_id: product?.id,
    price: product && product.cents / 100,
    quantity,
    device: { os: session.os, browser: session.browser },
    tags: session.tags,
  };
}

function fail(): never {
  throw new RangeError('found no way to spoil a line, expected at least one');
}
