import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Question } from '../../src/clickhouse/question.js';
import type { PublishRow } from '../../src/ledger/latest.js';
import { addDays, daysBetween, type Day } from '../../src/shared/day.js';
import { openDays, type DayProject } from '../support/day.js';
import { PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

/*
 * What holds by the ledger is asked in two ways: of one day the records are read and the latest taken outside of the engine, of many days
 * the engine takes it. Both must give the same, for every order in which the events of three generations can have come about.
 */

type Event = PublishRow['event'];

/** What can become of a publish. A clock that goes wrong, or a second attempt, does not change it. */
const COURSES: readonly Event[][] = [
  [],
  ['intent'],
  ['intent', 'done'],
  ['done', 'intent'],
  ['intent', 'intent', 'done'],
  ['intent', 'done', 'rollback'],
  ['intent', 'done', 'rollback', 'undone'],
  ['intent', 'undone'],
];

const FIRST = '2026-01-01';
/** One day for each combination of what became of three publishes. */
const COMBINATIONS = COURSES.flatMap((one) => COURSES.flatMap((two) => COURSES.map((three) => [one, two, three])));
const LAST = addDays(FIRST, COMBINATIONS.length - 1);
const DAYS = daysBetween(FIRST, LAST);

const moment = (second: number) => `2026-06-01 00:00:${String(second).padStart(2, '0')}.000`;
const code = (of: string) => of.padEnd(32, '_');

let project: DayProject;
beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG, { worker: false });
  const { clickhouse } = project.app;
  const of = { project: project.name };
  const publishes: object[] = [];
  const reproduced: object[] = [];
  const builds: object[] = [];
  const passed: object[] = [];
  for (const [index, courses] of COMBINATIONS.entries()) {
    const day = addDays(FIRST, index);
    for (const [before, course] of courses.entries()) {
      const generation = before + 1;
      for (const [second, event] of course.entries())
        for (const [position, table] of ['daily', 'events'].entries())
          // The tables of a day do not all have the same generations.
          if ((index + generation) % 5 !== position)
            publishes.push({
              ...{ ...of, day, table, generation, event, at: moment(generation * 10 + second), position },
              ...{ rows: index, hash: String(index), columns: ['day', 'id'] },
              ...{ code: code(`c${generation}.${second}`), data: code(`d${index}`), inputs: { raw: `${index}` } },
              ...{ chunks: [code(`h${second}`)], archive: second === 0 ? '' : `archive_${index}_${second}` },
              ...{ archived_rows: second, archived_hash: String(second) },
            });
      if (index % 3 === 0)
        for (const [build, second] of [[generation + 3, 50] as const, [generation + 4, 40], [generation + 4, 41]])
          reproduced.push({
            ...{ ...of, day, table: 'events', generation, build, at: moment(second) },
            ...{ code: code(`r${build}.${second}`), data: code('r'), inputs: { raw: 'r' }, chunks: [] },
          });
      const event = ['published', 'unchanged', 'failed'][(index + generation) % 3];
      const step = index % 7 === 0 && generation === 3 ? 'compare' : '';
      for (const [second, one] of ['planned', event].entries())
        builds.push({ ...of, day, generation, event: one, at: moment(10 * generation + second * (index % 2)), step });
      passed.push({ ...of, day, generation, tests: [code(`t${generation}`), code('always')] });
    }
  }
  await clickhouse.insert('daybook.publishes', publishes);
  await clickhouse.insert('daybook.reproduced', reproduced);
  await clickhouse.insert('daybook.builds', builds);
  await clickhouse.insert('daybook.passed_tests', passed);
});
afterAll(() => project.close());

const asked = async <Answer>(answer: Question<Answer>): Promise<Answer> =>
  (await project.app.ledger.ask({ answer })).answer;

const byDay = <Row extends { day: Day }>(rows: readonly Row[]) =>
  new Map(DAYS.map((day) => [day, rows.filter((row) => row.day === day)]));

test('a day and many days give the same: what readers have, and what is unfinished', async () => {
  const { ledger } = project.app;
  const current = await ledger.currentPublishes(FIRST, LAST);
  const open = await ledger.openIntents(FIRST, LAST);
  expect(current.length).toBeGreaterThan(DAYS.length / 2);
  expect(open.length).toBeGreaterThan(DAYS.length / 2);
  const standing = await asked(ledger.questions.standing(FIRST, LAST));
  expect(standing.current).toEqual(current.map((record) => ({ ...record, last: 'done' })));
  expect(standing.open).toEqual(open);

  const brief = await asked(ledger.questions.published(FIRST, LAST));
  expect(current).toMatchObject(brief.current.map(({ day, table, generation }) => ({ day, table, generation })));
  expect(open).toMatchObject(brief.open);
  // What others know a table's day by is what it was published with.
  expect(current.map((record) => [record.first_code, record.first_data])).toEqual(
    brief.current.map((record) => [record.code, record.data]),
  );
});

test('a day by itself gives what it gives among others', async () => {
  const { ledger } = project.app;
  const all = byDay((await asked(ledger.questions.standing(FIRST, LAST))).current);
  for (const day of DAYS.filter((_, index) => index % 50 === 0))
    expect((await asked(ledger.questions.standing(day))).current).toEqual(all.get(day));
});

test('the publishes of a day are those of its history', async () => {
  const { ledger } = project.app;
  const all = byDay(await asked(ledger.questions.publishes(FIRST, LAST)));
  for (const day of DAYS.filter((_, index) => index % 10 === 0)) {
    const sorted = (all.get(day) ?? []).toSorted((a, b) => a.generation - b.generation || a.position - b.position);
    const history = await ledger.publishHistory(day);
    expect(history).toEqual(sorted.map((publish, index) => ({ ...publish, done_at: history[index]?.done_at })));
  }
});

test('the last event of a day and the tests that it has passed are those that many days give', async () => {
  const { ledger } = project.app;
  const { questions } = ledger;
  const [latest, passed, current] = await Promise.all([
    ledger.latestBuilds(FIRST, LAST),
    ledger.passedTests(FIRST, LAST),
    ledger.currentPublishes(FIRST, LAST),
  ]);
  const [last, published] = [byDay(latest), byDay(current)];
  for (const day of DAYS.filter((_, index) => index % 10 === 0)) {
    const found = await ledger.ask({
      builds: questions.builds(day),
      latest: questions.latestBuild(day),
      newest: questions.lastGeneration(day),
    });
    expect(found.latest).toEqual(last.get(day)?.[0]);
    expect(found.newest).toBe(3);
    const generations = (published.get(day) ?? []).map(({ generation }) => generation);
    if (generations.length === 0) continue;
    expect(await ledger.passedOn(day, Math.max(...generations), found.builds)).toEqual(passed?.get(day));
  }
});
