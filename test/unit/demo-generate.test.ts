import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import shop from '../../daybook.config.js';
import { demoDays, demoObjects, demoTotals, lastMarker, type FolderTotals } from '../../src/local/demo/generate.js';
import { addDays, dayIn } from '../../src/shared/day.js';

interface RawEvent {
  event_id: string;
  ts: string;
  event_type: string;
  price?: number;
  quantity?: number;
  device: { browser: string };
}

/** The lines of each object, read back from its bytes. */
const objects = await demoObjects();
const isEvents = ({ key }: { key: string }) => key.startsWith('raw/events/');
const isOrders = ({ key }: { key: string }) => key.startsWith('raw/orders/') && key.endsWith('.parquet');
const read = objects.filter(isEvents).map(({ key, body, act }) => {
  const text = gunzipSync(body).toString();
  return { key, act, folder: key.slice(14, 24), lines: (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n') };
});
const totals = { 1: demoTotals(1), 2: demoTotals(2) };

const rejected = new Set(totals[2].rejects.map(({ object, line }) => `${object}:${line}`));

/** Lines that must become rows or duplicates, judged from the text, the demo's own list of rejects set apart. */
const rows = read.flatMap(({ key, act, folder, lines }) =>
  lines
    .filter((text, index) => text !== '' && !rejected.has(`${key}:${index + 1}`))
    .map((text) => ({ act, folder, event: JSON.parse(text) as RawEvent }))
    .filter(({ event }) => !/bot/i.test(event.device.browser)),
);
const dayOf = ({ event }: { event: RawEvent }) => dayIn(shop.timezone, new Date(event.ts));

describe('the bytes of the demo', () => {
  it('are the same in every run and on every machine', () => {
    const hash = createHash('sha256');
    for (const { key, body, act } of objects) hash.update(`${key} ${act} ${body.length}\n`).update(body);
    expect(hash.digest('hex')).toMatchInlineSnapshot(
      `"9a3785664bc805f5018cfb413eceb56ed5ca40672e1677104acaf1ad435788e2"`,
    );
  });

  it('lie where the example project looks for them, from its first day on', () => {
    const { prefix } = shop.sources.events;
    for (const { key, folder } of read) {
      const [year = '', month = '', day = ''] = folder.split('-');
      expect(key.startsWith(prefix.replace('{YYYY}', year).replace('{MM}', month).replace('{DD}', day))).toBe(true);
    }
    expect(demoDays()[0]).toBe(shop.start);
    expect(demoDays()).toHaveLength(5);
  });
});

describe('the events of the demo', () => {
  it('belong to the five days and to no other', () => {
    expect([...new Set(rows.map(dayOf))].sort()).toEqual(demoDays());
  });

  it('lie in the folder of their date in UTC, except what is sent again an hour after midnight', () => {
    const elsewhere = rows.filter(({ folder, event }) => event.ts.slice(0, 10) !== folder);
    expect(elsewhere).toHaveLength(2 * demoDays().length);
    for (const { folder, event } of elsewhere) expect(addDays(event.ts.slice(0, 10), 1)).toBe(folder);
  });

  it('cross from the folder of the day before into every day', () => {
    for (const day of demoDays()) {
      expect(rows.some((row) => row.folder === addDays(day, -1) && dayOf(row) === day)).toBe(true);
    }
  });

  it('of the late object belong to one day, in part delivered before', () => {
    const late = rows.filter(({ act }) => act === 2);
    const before = new Set(rows.filter(({ act }) => act === 1).map(({ event }) => event.event_id));
    expect(new Set(late.map(dayOf))).toEqual(new Set(['2026-11-07']));
    expect(late.filter(({ event }) => before.has(event.event_id))).toHaveLength(5);
    expect(late.length).toBeGreaterThan(50);
  });
});

describe('the orders of the demo', () => {
  const { orders } = totals[2];
  const files = objects.filter(isOrders);

  it('are Parquet objects that are there from the start, one a folder', () => {
    expect(files.map(({ key }) => key)).toEqual(orders.accounts.map(({ object }) => object));
    for (const { act, body } of files) {
      expect(act).toBe(1);
      expect([body.subarray(0, 4), body.subarray(-4)].map((bytes) => Buffer.from(bytes).toString())).toEqual([
        'PAR1',
        'PAR1',
      ]);
    }
  });

  it('add up to their rows, with one reject among them', () => {
    const sum = (counts: number[]) => counts.reduce((one, other) => one + other, 0);
    expect(sum(orders.accounts.map(({ rows }) => rows))).toBe(sum(Object.values(orders.days).map((day) => day.orders)));
    expect(orders.rejects).toHaveLength(1);
    expect(sum(orders.accounts.map(({ rejected }) => rejected))).toBe(1);
  });
});

describe('the returns of the demo', () => {
  it('are one object on one day, and each is of an order that was paid before', () => {
    const files = objects.filter(({ key }) => key.startsWith('raw/returns/'));
    expect(files.map(({ key }) => key)).toEqual(totals[2].returns.accounts.map(({ object }) => object));
    const lines = files.flatMap(({ body }) => Buffer.from(body).toString().trimEnd().split('\n'));
    const amounts = lines.map((text) => Number((JSON.parse(text) as { amount: string }).amount));
    expect(Math.round(amounts.reduce((sum, amount) => sum + amount, 0) * 100)).toBe(
      totals[2].returns.cents['2026-11-07'],
    );
    expect(lines).toHaveLength(4);
  });
});

describe('the markers of the demo', () => {
  it('are empty objects, one in each folder of orders', () => {
    const markers = objects.filter(({ key }) => key.endsWith('/_SUCCESS'));
    expect(markers.map(({ body }) => body.length)).toEqual(objects.filter(isOrders).map(() => 0));
    expect(markers).toContainEqual(lastMarker());
  });
});

describe('demoTotals', () => {
  it('gives every line of every object exactly one fate', () => {
    expect(totals[2].accounts.map(({ object, lines }) => [object, lines])).toEqual(
      read.map(({ key, lines }) => [key, lines.length]),
    );
    for (const { lines, rows, rejected, skipped, blank } of totals[2].accounts) {
      expect(rows + rejected + skipped + blank).toBe(lines);
    }
  });

  it('counts blank and skipped lines as the text shows them', () => {
    const count = (what: RegExp) => read.map(({ lines }) => lines.filter((text) => what.test(text)).length);
    expect(totals[2].accounts.map(({ blank }) => blank)).toEqual(count(/^$/));
    expect(totals[2].accounts.map(({ skipped }) => skipped)).toEqual(count(/"browser":"\w*bot"/i));
  });

  it.each([1, 2] as const)('counts rows, duplicates and revenue of act %i as the lines give them', (act) => {
    for (const day of demoDays()) {
      const lines = rows.filter((row) => row.act <= act && dayOf(row) === day).map(({ event }) => event);
      const unique = [...new Map(lines.map((event) => [event.event_id, event])).values()];
      const cents = unique
        .filter(({ event_type }) => event_type === 'purchase')
        .reduce((sum, { price = 0, quantity = 1 }) => sum + Math.round(price * 100) * quantity, 0);
      expect(totals[act].days[day]).toMatchObject({
        rows: unique.length,
        duplicates: lines.length - unique.length,
        revenueCents: cents,
      });
    }
  });

  it('adds up: the rows of all folders are the rows and duplicates of all days', () => {
    const sum = (counts: number[]) => counts.reduce((one, other) => one + other, 0);
    const { folders, days } = totals[2];
    expect(sum(Object.values(folders).map((folder) => folder.rows))).toBe(
      sum(Object.values(days).map((day) => day.rows + day.duplicates)),
    );
  });

  it('has every kind of trouble in each of the five folders, and none in the hour before them', () => {
    const has = ({ rejected, skipped, blank }: FolderTotals) => [rejected > 0, skipped > 0, blank > 0];
    const { '2026-11-04': hour, ...folders } = totals[1].folders;
    expect(Object.keys(folders)).toEqual(demoDays());
    for (const folder of Object.values(folders)) expect(has(folder)).toEqual([true, true, true]);
    expect(hour && has(hour)).toEqual([false, false, false]);
    expect(new Set(totals[1].rejects.map(({ why }) => why)).size).toBe(11);
  });

  it('differs between the acts in the late day and its folder alone', () => {
    const changed = <T>(before: Record<string, T>, after: Record<string, T>) =>
      Object.keys(after).filter((day) => JSON.stringify(before[day]) !== JSON.stringify(after[day]));
    expect(changed(totals[1].days, totals[2].days)).toEqual(['2026-11-07']);
    expect(changed(totals[1].folders, totals[2].folders)).toEqual(['2026-11-07']);
  });
});
