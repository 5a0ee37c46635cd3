import { expect, test } from 'vitest';
import { addDays, compactDay, dayIn, daysBetween, instantOf, isDay, isZone } from '../../src/shared/day.js';

test.each(['2026-11-05', '2024-02-29', '0001-01-01', '9999-12-31'])('%s is a day', (text) => {
  expect(isDay(text)).toBe(true);
});

test.each(['2026-02-30', '2026-02-29', '2026-13-01', '2026-1-5', '20261105', '2026-11-05T00:00', '', '05.11.2026'])(
  "'%s' is not a day",
  (text) => {
    expect(isDay(text)).toBe(false);
  },
);

test('days are counted by the calendar, also across months, years, leap days and short days', () => {
  expect(addDays('2026-02-28', 1)).toBe('2026-03-01');
  expect(addDays('2024-02-28', 1)).toBe('2024-02-29');
  expect(addDays('2026-12-31', 1)).toBe('2027-01-01');
  expect(addDays('2026-03-29', 1)).toBe('2026-03-30');
  expect(addDays('2026-11-05', -5)).toBe('2026-10-31');
  expect(addDays('2026-11-05', 0)).toBe('2026-11-05');
  expect(addDays('1970-01-01', -1)).toBe('1969-12-31');
  expect(addDays('2149-06-06', 366)).toBe('2150-06-07');
  expect(daysBetween('2026-10-24', '2026-10-26')).toEqual(['2026-10-24', '2026-10-25', '2026-10-26']);
  expect(daysBetween('2026-11-05', '2026-11-05')).toEqual(['2026-11-05']);
  expect(daysBetween('2026-11-06', '2026-11-05')).toEqual([]);
  expect(compactDay('2026-11-05')).toBe('20261105');
});

test('an instant has its date in each zone', () => {
  const instant = new Date('2026-11-05T23:30:00Z');
  expect(dayIn('UTC', instant)).toBe('2026-11-05');
  expect(dayIn('Europe/Berlin', instant)).toBe('2026-11-06');
  expect(dayIn('America/New_York', instant)).toBe('2026-11-05');
  expect(() => dayIn('Europe/Nowhere', instant)).toThrow(RangeError);
});

test('a clock time on a day is an instant, also on the days on which clocks jump', () => {
  expect(instantOf('2026-11-05', '06:00', 'Europe/Berlin').toISOString()).toBe('2026-11-05T05:00:00.000Z');
  expect(instantOf('2026-03-29', '04:30', 'Europe/Berlin').toISOString()).toBe('2026-03-29T02:30:00.000Z');
  // 02:30 does not exist on that day: the moment after the gap counts.
  expect(instantOf('2026-03-29', '02:30', 'Europe/Berlin').toISOString()).toBe('2026-03-29T01:30:00.000Z');
});

test('zones are those of the IANA database', () => {
  expect(['Europe/Berlin', 'UTC', 'America/Argentina/Ushuaia'].every(isZone)).toBe(true);
  expect(['Berlin', '', 'Europe/Nowhere'].some(isZone)).toBe(false);
});
