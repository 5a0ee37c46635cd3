import { expect, test } from 'vitest';
import {
  chunksFrom,
  holdsOf,
  lastRecorded,
  latestBuildOf,
  latestEvents,
  newestGeneration,
  openOf,
  passedOf,
  standingOf,
  withReproduced,
  type ChunkRow,
  type PublishRow,
} from '../../src/ledger/latest.js';
import type { BuildRecord, PublishRecord } from '../../src/ledger/records.js';

const DAY = '2026-05-01';
const at = (second: number) => `2026-05-02 00:00:0${second}.000`;

const publish = (event: PublishRow['event'], second: number, of: Partial<PublishRecord> = {}): PublishRow => ({
  ...{ event, at: at(second) },
  ...{ day: DAY, table: 'events', generation: 1, position: 0, rows: 10, hash: '1', columns: ['day'] },
  ...{ code: 'code', data: 'data', inputs: {}, chunks: [] },
  ...{ archive: '', archived_rows: 0, archived_hash: '0', ...of },
});

const lastOf = (...rows: PublishRow[]) => latestEvents(rows).map(({ last }) => last);

test('the latest event of a publish is the highest, whatever the clocks say', () => {
  expect(lastOf(publish('intent', 1))).toEqual(['intent']);
  expect(lastOf(publish('done', 1), publish('intent', 2))).toEqual(['done']);
  expect(lastOf(publish('undone', 1), publish('rollback', 4), publish('done', 3), publish('intent', 2))).toEqual([
    'undone',
  ]);
});

test('of two attempts that wrote an intent, the first one counts', () => {
  const [second, first] = [publish('intent', 3, { archive: 'second' }), publish('intent', 2, { archive: 'first' })];
  const done = publish('done', 4, { archive: 'first' });
  expect(latestEvents([second, done, first])).toMatchObject([{ archive: 'first', last: 'done' }]);
});

test('of events of one millisecond, the one that comes first by its kind says what was published', () => {
  const rows = [publish('done', 1, { archive: 'done' }), publish('intent', 1, { archive: 'intent' })];
  expect(latestEvents(rows)).toMatchObject([{ archive: 'intent', last: 'done' }]);
  expect(latestEvents(rows.toReversed())).toMatchObject([{ archive: 'intent', last: 'done' }]);
});

test('a publish can be recorded again: it has no moment and no event of its own', () => {
  const [found] = latestEvents([publish('intent', 1)]);
  expect(found).not.toHaveProperty('at');
  expect(found).not.toHaveProperty('event');
});

test('readers have the newest generation that is done and not undone', () => {
  const events = latestEvents([
    publish('done', 1, { generation: 1 }),
    publish('done', 2, { generation: 2 }),
    publish('undone', 3, { generation: 3 }),
    publish('intent', 4, { generation: 4 }),
    publish('done', 1, { table: 'daily', generation: 1 }),
    publish('undone', 1, { table: 'lost' }),
  ]);
  expect(standingOf(events).map(({ table, generation }) => [table, generation])).toEqual([
    ['daily', 1],
    ['events', 2],
  ]);
});

test('unfinished publishes and rollbacks come by day and generation, in the order of their swaps', () => {
  const events = latestEvents([
    publish('rollback', 1, { generation: 2, table: 'a', position: 1 }),
    publish('intent', 1, { generation: 2, table: 'b', position: 0 }),
    publish('intent', 1, { generation: 1, table: 'c', position: 5 }),
    publish('intent', 1, { day: '2026-04-30', generation: 9, table: 'd', position: 9 }),
    publish('done', 1, { table: 'done' }),
    publish('undone', 1, { table: 'undone' }),
  ]);
  expect(openOf(events).map(({ table }) => table)).toEqual(['d', 'c', 'b', 'a']);
});

test('a publish counts as made of what the newest build that gave its rows was made of, and is known by what it was first', () => {
  const made = (build: number, second: number, code: string, of: Partial<PublishRecord> = {}) => ({
    ...{ day: DAY, table: 'events', generation: 1, build, at: at(second), code },
    ...{ data: `data of ${code}`, inputs: { raw: code }, chunks: [code], ...of },
  });
  const standing = standingOf(latestEvents([publish('done', 1), publish('done', 1, { table: 'other', code: 'own' })]));
  const rows = [made(3, 1, 'c'), made(2, 9, 'b'), made(3, 2, 'c again'), made(4, 9, 'of another', { generation: 2 })];
  expect(withReproduced(standing, rows)).toMatchObject([
    { table: 'events', made_by: 3, code: 'c again', data: 'data of c again', inputs: { raw: 'c again' } },
    { table: 'other', made_by: 1, code: 'own', data: 'data', first_code: 'own' },
  ]);
  expect(withReproduced(standing, rows)[0]).toMatchObject({ first_code: 'code', first_data: 'data', rows: 10 });
});

const build = (generation: number, event: BuildRecord['event'], second: number, step = ''): BuildRecord => ({
  ...{ day: DAY, generation, event, at: at(second), step, reason: '' },
});

test('the last event of a day is that of its newest build, without comparisons', () => {
  expect(latestBuildOf([])).toBeUndefined();
  expect(latestBuildOf([build(2, 'planned', 1), build(1, 'published', 9)])).toMatchObject({ generation: 2 });
  expect(latestBuildOf([build(2, 'failed', 3), build(2, 'planned', 2)])?.event).toBe('failed');
  expect(latestBuildOf([build(1, 'published', 1), build(2, 'planned', 2, 'compare')])?.event).toBe('published');
});

test('of two events of a build in one millisecond, the end counts', () => {
  const rows = [build(1, 'published', 1), build(1, 'planned', 1)];
  expect(latestBuildOf(rows)?.event).toBe('published');
  expect(latestBuildOf(rows.toReversed())?.event).toBe('published');
});

test('a day is held since it was held last, unless it was released since', () => {
  const hold = (event: 'held' | 'released', second: number, day = DAY) => ({
    ...{ day, event, at: at(second), reason: `${event} ${second}` },
  });
  expect(holdsOf([hold('held', 2), hold('held', 1)])).toEqual([{ day: DAY, since: at(2), reason: 'held 2' }]);
  expect(holdsOf([hold('released', 2), hold('held', 1)])).toEqual([]);
  expect(holdsOf([hold('held', 3), hold('released', 2), hold('held', 1)])).toHaveLength(1);
  expect(holdsOf([hold('held', 1), hold('released', 1)])).toEqual([]);
  expect(holdsOf([hold('held', 1), hold('held', 1, '2026-04-30')]).map(({ day }) => day)).toEqual(['2026-04-30', DAY]);
});

test('chunks come by folder in order of their first record, each with what every normalizer made of it', () => {
  const row = (chunk: string, normalizer: string, second: number, rows: number, folder = DAY): ChunkRow => ({
    ...{ source: 'events', folder, chunk, normalizer, at: at(second) },
    ...{ objects: [{ key: chunk, etag: 'e', size: 1 }], rows_by_day: { [DAY]: rows } },
  });
  const found = chunksFrom([
    row('b', 'n1', 3, 3),
    row('a', 'n1', 4, 4),
    row('a', 'n2', 1, 1),
    row('a', 'n2', 5, 1),
    row('z', 'n1', 9, 9, '2026-04-30'),
  ]);
  expect(found.map(({ folder, id }) => `${folder}/${id}`)).toEqual(['2026-04-30/z', `${DAY}/a`, `${DAY}/b`]);
  expect([...(found[1]?.rowsByDay ?? [])]).toEqual([
    ['n2', { [DAY]: 1 }],
    ['n1', { [DAY]: 4 }],
  ]);
});

test('the newest generation of none is 0', () => {
  expect(newestGeneration([])).toBe(0);
  expect(newestGeneration([{ generation: 2 }, { generation: 7 }, { generation: 3 }])).toBe(7);
});

test('a name belongs to the project that was recorded last', () => {
  expect(lastRecorded<{ id: string }>([])).toBeUndefined();
  const of = (id: string, second: number) => ({ id, at: at(second) });
  expect(lastRecorded([of('a', 1), of('b', 3), of('c', 2)])?.id).toBe('b');
});

test('tests count that the newest publish has passed, or a later build that changed nothing', () => {
  const rows = [
    { generation: 1, tests: ['old'] },
    { generation: 2, tests: ['a'] },
    { generation: 3, tests: ['b', 'a'] },
    { generation: 4, tests: ['of a failed build'] },
  ];
  expect(passedOf(rows, 2, [build(3, 'unchanged', 1), build(4, 'failed', 1), build(1, 'unchanged', 1)])).toEqual(
    new Set(['a', 'b']),
  );
  // A later run with nothing to do is recorded under the newest generation.
  expect(passedOf(rows, 2, [build(4, 'failed', 1), build(4, 'unchanged', 2)])).toEqual(new Set(['a']));
  expect(passedOf(rows, 9, [])).toEqual(new Set());
});
