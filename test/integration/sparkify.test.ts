import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { daysBetween } from '../../src/shared/day.js';
import type { DayResult } from '../../src/shared/workflows.js';
import config from '../fixtures/sparkify/daybook.config.js';
import { openDays, type DayProject } from '../support/day.js';
import { sqlFilesOf } from '../support/project.js';

/** A public teaching set in a folder next to the repository, if it exists: one file for each day of November 2018. */
const DATA = fileURLToPath(new URL('../../../shared/data/sparkify/', import.meta.url));
const DAYS = daysBetween('2018-11-01', '2018-11-30');
const FIXTURE = fileURLToPath(new URL('../fixtures/sparkify', import.meta.url));
/** Days that run at once. */
const AT_ONCE = 3;

const files = await readdir(DATA).catch((): string[] => []);
const absent = files.length === 0;

describe.skipIf(absent)(
  absent ? 'skipped, because ../shared/data/sparkify is not there' : 'thirty days of a real log',
  () => {
    let project: DayProject;
    let results: Map<string, DayResult>;

    beforeAll(async () => {
      project = await openDays(inject('stack'), await sqlFilesOf(FIXTURE), config);
      for (const file of files) {
        const day = file.slice(0, '2018-11-01'.length);
        await project.put(`raw/dt=${day}/${file}`, await readFile(DATA + file));
      }
      results = await runAll();
    });
    afterAll(() => project.close());

    async function runAll() {
      const found = new Map<string, DayResult>();
      const left = [...DAYS];
      const runNext = async (): Promise<void> => {
        for (let day = left.shift(); day !== undefined; day = left.shift()) found.set(day, await project.run(day));
      };
      await Promise.all(Array.from({ length: AT_ONCE }, runNext));
      return found;
    }

    const one = async (select: string) => (await project.rows<Record<string, string>>(select))[0];

    test('every day is published once', () => {
      expect(DAYS.map((day) => [day, results.get(day)?.outcome, results.get(day)?.generation])).toEqual(
        DAYS.map((day) => [day, 'published', 1]),
      );
    });

    test('the tables hold the totals that are known of the set', async () => {
      expect(
        await one(`
        SELECT count() AS events, countIf(page = 'NextSong') AS songs, uniqExactIf(user_id, page = 'NextSong') AS listeners,
          countIf(user_id = '') AS logged_out, countIf(day != toDate(at)) AS strays, uniqExact(day) AS days FROM page_log`),
      ).toEqual({ events: '8056', songs: '6820', listeners: '96', logged_out: '286', strays: '0', days: '30' });
    });

    test('the accounts balance: every line is a row except the five blank ones', async () => {
      const folders = await project.app.ledger.folderAccounts(
        'page_log',
        DAYS[0] ?? '',
        DAYS.at(-1) ?? '',
        (await project.app.ledger.chunksOf('page_log', DAYS[0] ?? '', DAYS.at(-1) ?? '')).flatMap(({ id, rowsByDay }) =>
          [...rowsByDay.keys()].map((normalizer) => ({ id, normalizer })),
        ),
      );
      const sum = (count: 'lines' | 'rows' | 'rejected' | 'skipped' | 'blank') =>
        folders.reduce((total, folder) => total + folder[count], 0);
      expect(folders).toHaveLength(30);
      expect([sum('lines'), sum('rows'), sum('rejected'), sum('skipped'), sum('blank')]).toEqual([8061, 8056, 0, 0, 5]);
      const days = await Promise.all(DAYS.map((day) => project.app.ledger.dayAccounts(day)));
      expect(days.flat().reduce((total, { loaded }) => total + loaded, 0)).toBe(8056);
      expect(days.flat().reduce((total, { duplicates }) => total + duplicates, 0)).toBe(0);
    });

    test('the daily aggregates add up to the same totals', async () => {
      expect(
        await one(
          'SELECT sum(events) AS events, sum(next_songs) AS songs, sum(empty_user_events) AS logged_out FROM daily_pages',
        ),
      ).toEqual({ events: '8056', songs: '6820', logged_out: '286' });
      expect(await one('SELECT sum(songs) AS songs, uniqExact(user_id) AS listeners FROM daily_listeners')).toEqual({
        songs: '6820',
        listeners: '96',
      });
    });
  },
);
