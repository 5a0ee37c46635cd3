import { addDays, daysBetween, type Day } from '../../shared/day.js';
import { badLines, BLANK, insertLine, lineOf, type Line } from './lines.js';
import { orderFiles, type OrderFile } from './orders.js';
import { randomFrom, type Random } from './random.js';
import { returnFiles, type ReturnFile } from './returns.js';
import { midnightAfter, eventsOf, type ShopEvent } from './shop.js';

/** The seed of all demo data. */
const SEED = 'daybook demo 1';

const FIRST: Day = '2026-11-05';
const LAST: Day = '2026-11-09';
/** The day with a late object, which arrives after all days were published. */
const LATE: Day = '2026-11-07';
/** The day on which the shop offers a `buy now` button. */
const BUY_NOW: Day = '2026-11-08';

/** The days of the demo, a Thursday to a Monday: calendar days in Berlin. */
export const DAYS: readonly Day[] = daysBetween(FIRST, LAST);

/** An object before it is encoded. Act 1 exists from the start, act 2 arrives late. */
export interface WrittenObject {
  key: string;
  /** The date in UTC that its folder is named after. */
  folder: Day;
  act: 1 | 2;
  lines: Line[];
}

/**
 * Generates all objects in the order in which the web servers write them.
 *
 * The log begins at midnight in Berlin, so its first hour is in the folder of the day before, and it ends at midnight in Berlin,
 * so no row belongs to a later day.
 */
export function writeFolders(): WrittenObject[] {
  const events = allEvents();
  const written: WrittenObject[] = [];
  let yesterday: ShopEvent[] = [];
  for (const folder of daysBetween(addDays(FIRST, -1), LAST)) {
    const today = events.filter(({ at }) => folderOf(at) === folder);
    const random = randomFrom(`${SEED} folder ${folder}`);
    // The folder before the first day has only one quiet hour, so one server writes it.
    const objects = folder < FIRST ? [today.map(lineOf)] : spreadEvents(today, 3 + random.below(2));
    if (folder >= FIRST) addFaults(objects, today, yesterday, random);
    objects.forEach((lines, index) => written.push({ key: eventsKey(folder, `0${index}`), folder, act: 1, lines }));
    if (folder === LATE) written.push({ key: eventsKey(folder, 'late-00'), folder, act: 2, lines: lateLines(today) });
    yesterday = today;
  }
  return written.sort((one, other) => one.act - other.act);
}

/** Generates the payment provider's objects. They also have the checkouts that the hanging server reports late. */
export const writeOrders = (): OrderFile[] => orderFiles([...allEvents(), ...lateEvents(randomFrom(LATE_SEED))]);

/** Generates the objects with returned parcels. */
export const writeReturns = (): ReturnFile[] => returnFiles(writeOrders());

function allEvents(): ShopEvent[] {
  const close = midnightAfter(LAST);
  return DAYS.flatMap((day) => eventsOf(day, randomFrom(`${SEED} ${day}`), day === BUY_NOW ? { buyNow: 4 } : {}))
    .filter(({ at }) => at < close)
    .sort((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1));
}

/** Distributes events over servers by visit; each server writes its own object. */
function spreadEvents(events: readonly ShopEvent[], servers: number): Line[][] {
  const objects = Array.from({ length: servers }, (): Line[] => []);
  for (const event of events) objects[parseInt(event.session.id.slice(2, 8), 16) % servers]?.push(lineOf(event));
  return objects;
}

/** Adds what goes wrong on any day: bad lines, blank lines, and duplicate events. */
function addFaults(objects: Line[][], today: ShopEvent[], yesterday: ShopEvent[], random: Random): void {
  const insert = (line: Line): void => {
    insertLine(random.pick(objects), line, random);
  };
  const people = today.filter(({ session }) => !session.bot);
  for (const line of badLines(Array.from({ length: 9 + random.below(6) }, () => random.pick(people)))) insert(line);
  for (let count = 1 + random.below(4); count > 0; count--) insert(BLANK);
  for (let count = 14 + random.below(10); count > 0; count--) insert(lineOf(random.pick(people)));
  // An event just after midnight in Berlin, sent again an hour later: its lines are in two folders, its row in one day.
  const afterMidnight = yesterday.filter(({ at, session }) => folderOf(at + 3_600_000) > folderOf(at) && !session.bot);
  for (let count = 2; count > 0; count--) insert(lineOf(random.pick(afterMidnight)));
}

/** Returns what a hanging server sends late: a few visits of one day, and some events that it had already sent. */
function lateLines(delivered: ShopEvent[]): Line[] {
  const random = randomFrom(LATE_SEED);
  const lines = lateEvents(random).map(lineOf);
  const again = delivered.filter(({ at, session }) => Math.abs(at - LATE_NOON) < 3_600_000 && !session.bot);
  for (let count = 5; count > 0; count--) insertLine(lines, lineOf(random.pick(again)), random);
  for (const line of badLines(again.slice(0, 2))) insertLine(lines, line, random);
  insertLine(lines, BLANK, random);
  return lines;
}

const LATE_SEED = `${SEED} late`;
const LATE_NOON = Date.parse(`${LATE}T11:00:00Z`);

const lateEvents = (random: Random): ShopEvent[] =>
  eventsOf(LATE, random, { visits: 12 })
    .filter(({ at }) => Math.abs(at - LATE_NOON) < 6 * 3_600_000)
    .sort((one, other) => one.at - other.at);

const folderOf = (at: number): Day => new Date(at).toISOString().slice(0, 10);
const eventsKey = (folder: Day, name: string): string => `raw/events/dt=${folder}/events-${name}.json.gz`;
