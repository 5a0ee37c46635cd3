import type { Random } from './random.js';
import type { ShopEvent } from './shop.js';

/** The expected fate of a line. */
export type Fate =
  { is: 'row'; event: ShopEvent } | { is: 'rejected'; why: string } | { is: 'skipped' } | { is: 'blank' };

/** One line of an object, without its newline. */
export interface Line {
  text: string;
  fate: Fate;
}

export const BLANK: Line = { text: '', fate: { is: 'blank' } };

/** Returns the line that a web server writes for an event. The project's SQL skips crawlers. */
export function lineOf(event: ShopEvent): Line {
  return { text: JSON.stringify(rawEvent(event)), fate: event.session.bot ? { is: 'skipped' } : { is: 'row', event } };
}

/**
 * Writes each event as an invalid line, in a different way from the one before. The events must be those of people, because a
 * crawler's line is skipped before it is checked.
 */
export function badLines(events: readonly ShopEvent[]): Line[] {
  return events.map((event, index) => {
    const [why, corrupt] = CORRUPTIONS[index % CORRUPTIONS.length] ?? noWayToCorrupt();
    return { text: corrupt(event), fate: { is: 'rejected', why } };
  });
}

const withChanges = (event: ShopEvent, changes: Record<string, unknown>): string =>
  JSON.stringify({ ...rawEvent(event), ...changes });

const CORRUPTIONS: readonly (readonly [why: string, corrupt: (event: ShopEvent) => string])[] = [
  ['cut off', (event) => withChanges(event, {}).slice(0, 120)],
  ['price is not a number', (event) => withChanges(event, { price: 'free' })],
  ['no time', (event) => withChanges(event, { ts: undefined })],
  ['a date that does not exist', (event) => withChanges(event, { ts: '2026-02-30T10:00:00.000Z' })],
  ['a clock years behind, so no day takes the row', (event) => withChanges(event, { ts: '2019-01-01T00:00:12.000Z' })],
  ['unknown type', (event) => withChanges(event, { event_type: 'purchse' })],
  ['purchase without price', (event) => withChanges(event, { event_type: 'purchase', price: undefined })],
  ['negative price', (event) => withChanges(event, { price: -4.5 })],
  ['half a piece', (event) => withChanges(event, { quantity: 0.5 })],
  ['not JSON', () => 'upstream timed out (110: Connection timed out) while reading response header'],
  ['not an object', (event) => JSON.stringify([rawEvent(event)])],
];

/** Inserts a line at a random position, but never as the first or the last line of an object. */
export function insertLine(lines: Line[], line: Line, random: Random): void {
  lines.splice(1 + random.below(lines.length - 1), 0, line);
}

function rawEvent({ id, at, type, session, product, quantity }: ShopEvent): Record<string, unknown> {
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

function noWayToCorrupt(): never {
  throw new RangeError('found no way to corrupt a line, expected at least one');
}
