/** Days of the sample objects, which `local put` uploads. */
export const SAMPLE_DAYS = ['2026-11-05', '2026-11-06'] as const;

/** Lines of a sample object; one bad line among them is below the default of `maxRejects`. */
const LINES = 120;
const SECONDS_APART = 700;

const USERS = ['ann', 'ben', 'cho', 'dee', 'eli', 'fay', 'gus'];
const TYPES = ['view', 'view', 'click', 'view', 'click', 'purchase'];

/**
 * Returns the objects of two days by path: JSON lines with the columns of the starter's contract. The first day has a duplicate and a
 * line with an impossible time; two events of the first day arrive in the folder of the second.
 */
export const sampleObjects = (): Record<string, string> =>
  Object.fromEntries(
    SAMPLE_DAYS.map((day, index) => [`samples/dt=${day}/events.json`, `${linesOf(day, index).join('\n')}\n`]),
  );

function linesOf(day: string, index: number): string[] {
  const [first] = SAMPLE_DAYS;
  const lines = Array.from({ length: LINES }, (_, number) => event(day, number, `${index + 1}-${number + 1}`));
  if (index > 0) return [...lines, event(first, LINES, `1-${LINES + 1}`), event(first, LINES + 1, `1-${LINES + 2}`)];
  // The same event twice, and a day that does not exist.
  return [...lines, event(day, 7, '1-8'), event('2026-11-31', 8, `1-${LINES + 3}`)];
}

function event(day: string, number: number, id: string): string {
  const time = new Date(number * SECONDS_APART * 1000).toISOString().slice(11);
  const user = USERS[(number * 5) % USERS.length];
  const type = TYPES[(number * 7) % TYPES.length];
  return JSON.stringify({ event_id: id, ts: `${day}T${time}`, type, ...(number % 9 === 0 ? {} : { user_id: user }) });
}
