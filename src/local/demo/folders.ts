import { addDays, daysBetween, type Day } from '../../shared/day.js';
import { badLines, BLANK, lineOf, slipIn, type Line } from './lines.js';
import { orderFiles, type OrderFile } from './orders.js';
import { randomFrom, type Random } from './random.js';
import { returnFiles, type ReturnFile } from './returns.js';
import { endOf, eventsOf, type ShopEvent } from './shop.js';

/** The whole demo depends on this text: another one gives another shop. */
const SEED = 'daybook demo 1';

const FIRST: Day = '2026-11-05';
const LAST: Day = '2026-11-09';
/** The day of which one object arrives only after all days were published. */
const LATE: Day = '2026-11-07';
/** The day on which the shop tried its button `buy now`. */
const BUY_NOW: Day = '2026-11-08';

/** The days of the demo, a Thursday to a Monday: calendar days in Berlin. */
export const DAYS: readonly Day[] = daysBetween(FIRST, LAST);

/** An object before it is packed. Act 1 is there from the start, act 2 arrives late. */
export interface WrittenObject {
  key: string;
  /** The date in UTC that its folder is named after. */
  folder: Day;
  act: 1 | 2;
  lines: Line[];
}

/**
 * All objects in the order in which the web servers write them.
 *
 * The shop opens at midnight in Berlin, so that its first hour lies in the folder of the day before, and the log ends at a
 * midnight in Berlin, so that no row belongs to a day after the last.
 */
export function writeFolders(): WrittenObject[] {
  const events = allEvents();
  const written: WrittenObject[] = [];
  let yesterday: ShopEvent[] = [];
  for (const folder of daysBetween(addDays(FIRST, -1), LAST)) {
    const today = events.filter(({ at }) => folderOf(at) === folder);
    const random = randomFrom(`${SEED} folder ${folder}`);
    // The folder before the first day holds one quiet hour, and one server was enough for it.
    const objects = folder < FIRST ? [today.map(lineOf)] : spread(today, 3 + random.below(2));
    if (folder >= FIRST) spoil(objects, today, yesterday, random);
    objects.forEach((lines, index) => written.push({ key: keyOf(folder, `0${index}`), folder, act: 1, lines }));
    if (folder === LATE) written.push({ key: keyOf(folder, 'late-00'), folder, act: 2, lines: lateLines(today) });
    yesterday = today;
  }
  return written.sort((one, other) => one.act - other.act);
}

/** The payment provider's objects. It knows at once of the checkouts that the hanging server tells of late. */
export const writeOrders = (): OrderFile[] => orderFiles([...allEvents(), ...lateEvents(randomFrom(LATE_SEED))]);

/** What came back by parcel. */
export const writeReturns = (): ReturnFile[] => returnFiles(writeOrders());

function allEvents(): ShopEvent[] {
  const close = endOf(LAST);
  return DAYS.flatMap((day) => eventsOf(day, randomFrom(`${SEED} ${day}`), day === BUY_NOW ? { buyNow: 4 } : {}))
    .filter(({ at }) => at < close)
    .sort((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1));
}

/** Each visit stays on one server, and each server writes its own object. */
function spread(events: readonly ShopEvent[], servers: number): Line[][] {
  const objects = Array.from({ length: servers }, (): Line[] => []);
  for (const event of events) objects[parseInt(event.session.id.slice(2, 8), 16) % servers]?.push(lineOf(event));
  return objects;
}

/** What goes wrong on any day: bad lines, blank ones, and events that are sent again. */
function spoil(objects: Line[][], today: ShopEvent[], yesterday: ShopEvent[], random: Random): void {
  const somewhere = (line: Line): void => {
    slipIn(random.pick(objects), line, random);
  };
  const people = today.filter(({ session }) => !session.bot);
  for (const line of badLines(Array.from({ length: 9 + random.below(6) }, () => random.pick(people)))) somewhere(line);
  for (let count = 1 + random.below(4); count > 0; count--) somewhere(BLANK);
  for (let count = 14 + random.below(10); count > 0; count--) somewhere(lineOf(random.pick(people)));
  // An event just after midnight in Berlin, sent again an hour later: its two lines lie in two folders, its row in one day.
  const afterMidnight = yesterday.filter(({ at, session }) => folderOf(at + 3_600_000) > folderOf(at) && !session.bot);
  for (let count = 2; count > 0; count--) somewhere(lineOf(random.pick(afterMidnight)));
}

/** A server that hung sends what it still had: a few visits of one day, and some events that had gone out already. */
function lateLines(delivered: ShopEvent[]): Line[] {
  const random = randomFrom(LATE_SEED);
  const lines = lateEvents(random).map(lineOf);
  const again = delivered.filter(({ at, session }) => Math.abs(at - LATE_NOON) < 3_600_000 && !session.bot);
  for (let count = 5; count > 0; count--) slipIn(lines, lineOf(random.pick(again)), random);
  for (const line of badLines(again.slice(0, 2))) slipIn(lines, line, random);
  slipIn(lines, BLANK, random);
  return lines;
}

const LATE_SEED = `${SEED} late`;
const LATE_NOON = Date.parse(`${LATE}T11:00:00Z`);

const lateEvents = (random: Random): ShopEvent[] =>
  eventsOf(LATE, random, { visits: 12 })
    .filter(({ at }) => Math.abs(at - LATE_NOON) < 6 * 3_600_000)
    .sort((one, other) => one.at - other.at);

const folderOf = (at: number): Day => new Date(at).toISOString().slice(0, 10);
const keyOf = (folder: Day, name: string): string => `raw/events/dt=${folder}/events-${name}.json.gz`;
