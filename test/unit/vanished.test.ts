import { describe, expect, test } from 'vitest';
import { chunkIdOf } from '../../src/ledger/fingerprints.js';
import type { RecordedChunk } from '../../src/ledger/records.js';
import { firstQuestions, questionText, vanishedNotes, type SourceQuestion } from '../../src/plan/folders/text.js';
import {
  compareFolders,
  decideVanished,
  isDoubtful,
  type DecidingOf,
  type FolderFacts,
} from '../../src/plan/folders/vanished.js';
import { command } from '../../src/shared/commands.js';
import { choiceOf, NO_CHOICE } from '../../src/shared/inputs/choice.js';
import { commandsIn, plain } from '../../src/shared/sentence.js';
import { objectName, type StoredObject } from '../../src/store/object.js';

const DAY = '2026-11-05';
const NEXT = '2026-11-06';
const KEEP = choiceOf({ keepVanished: true });
const REPLACE = choiceOf({ replaceFolder: true });
const EMPTY = choiceOf({ allowEmpty: true });

/** An object whose content is named; equal contents have equal ETags and sizes. */
const object = (key: string, content = key): StoredObject => ({ key, etag: `${content}-etag`, size: 10 });
const [a, b, c] = [object('a'), object('b'), object('c')];
const merged = object('merged');

const folder = (of: Partial<FolderFacts> & { used?: StoredObject[]; listed?: StoredObject[] }): FolderFacts => {
  const { used = [], listed = [] } = of;
  const keys = new Set(listed.map(({ key }) => key));
  const known = new Set(used.map(objectName));
  return {
    folder: DAY,
    ...{ used, listed, gone: used.filter(({ key }) => !keys.has(key)) },
    fresh: listed.filter((one) => !known.has(objectName(one))),
    ...of,
  };
};

const decide = (facts: FolderFacts[], more: Partial<DecidingOf> = {}) =>
  decideVanished({
    ...{
      day: DAY,
      facts,
      onVanish: 'keep',
      onEmpty: 'fail',
      barren: new Set<string>(),
      answers: [],
      choice: NO_CHOICE,
    },
    ...{ range: false, force: false },
    ...more,
  });

/** What a run comes to: the question, or the objects that count beside the listed ones and those whose rows go. */
const outcome = (facts: FolderFacts[], more: Partial<DecidingOf> = {}) => {
  const { question, kept, replaced, skip } = decide(facts, more);
  if (question) return question.kind;
  return { kept: [...kept.values()].flat().map(({ key }) => key), gone: replaced.map(({ key }) => key), skip };
};
const keeps = (...kept: string[]) => ({ kept, gone: [], skip: false });
const drops = (...gone: string[]) => ({ kept: [], gone, skip: false });

describe('objects that are gone while new ones came', () => {
  test.each([
    ['merged into one', [a, b], [merged]],
    ['merged, one of them left', [a, b, c], [c, merged]],
    ['all renamed', [a, b], [object('a2', 'a'), object('b2', 'b')]],
    ['overwritten under new names', [a, b], [object('part-0-x'), object('part-1-x')]],
    ['merged into one of them', [a, b], [object('a', 'both')]],
    ['half of them expired while a late one came', [a, b], [b, object('late')]],
  ])('%s: a question is raised, and each answer is exact', (_, used, listed) => {
    const facts = [folder({ used, listed })];
    const gone = (facts[0]?.gone ?? []).map(({ key }) => key);
    expect(outcome(facts)).toBe('rewritten');
    expect(outcome(facts, { force: true }), 'force is no answer').toBe('rewritten');
    expect(outcome(facts, { range: true }), 'a range is no answer').toBe('rewritten');
    expect(outcome(facts, { choice: EMPTY }), 'emptiness is no answer').toBe('rewritten');
    for (const range of [false, true]) {
      expect(outcome(facts, { choice: REPLACE, range })).toEqual(drops(...gone));
      expect(outcome(facts, { choice: KEEP, range })).toEqual(keeps(...gone));
    }
    expect(outcome(facts, { onVanish: 'rebuild' })).toEqual(drops(...gone));
    expect(outcome(facts, { onVanish: 'fail', choice: REPLACE })).toBe('vanished');
  });

  test('an answer applies to the objects that it was given for, whatever comes later; a newer one replaces it', () => {
    const facts = [folder({ used: [a, b], listed: [merged] })];
    const later = [folder({ used: [a, b], listed: [merged, c] })];
    for (const [choice, expected] of [
      [KEEP, keeps('a', 'b')],
      [REPLACE, drops('a', 'b')],
    ] as const) {
      const { answers } = decide(facts, { choice });
      expect(outcome(facts, { answers })).toEqual(expected);
      expect(outcome(later, { answers })).toEqual(expected);
      const more = [folder({ used: [a, b, object('d')], listed: [merged, c] })];
      expect(outcome(more, { answers }), 'another object is gone').toBe('rewritten');
    }
    const { answers } = decide(facts, { choice: REPLACE });
    expect(outcome(facts, { answers, choice: KEEP })).toEqual(keeps('a', 'b'));
    const revoked = [...answers, ...decide(facts, { answers, choice: KEEP }).answers];
    expect(outcome(facts, { answers: revoked })).toEqual(keeps('a', 'b'));
  });

  test('an object that never had a row vanishes without a question', () => {
    const facts = [folder({ used: [a, b], listed: [a, merged] })];
    expect(outcome(facts, { barren: new Set([objectName(b)]) })).toEqual(keeps('b'));
  });

  test('an object that moved to another folder of the window raises a question; other content there does not', () => {
    const next = (listed: StoredObject[]) => folder({ folder: NEXT, listed });
    const thinned = folder({ used: [a, b], listed: [b] });
    expect(outcome([thinned, next([object('x')])])).toEqual(keeps('a'));
    expect(outcome([thinned, next([object('x', 'a')])])).toBe('rewritten');
    expect(outcome([folder({ used: [a], listed: [] }), next([object('x', 'a')])], { force: true })).toBe('rewritten');
  });
});

describe('objects that are gone while nothing came', () => {
  const facts = [folder({ used: [a, b], listed: [b] })];

  test('keep their rows, unless policy or the user of this one day says otherwise', () => {
    expect(outcome(facts)).toEqual(keeps('a'));
    expect(outcome(facts, { choice: KEEP })).toEqual(keeps('a'));
    expect(outcome(facts, { choice: REPLACE })).toEqual(drops('a'));
    expect(outcome(facts, { onVanish: 'rebuild' })).toEqual(drops('a'));
    expect(outcome(facts, { onVanish: 'fail' })).toBe('vanished');
  });

  test('keep their rows in a range that replaces rewritten folders: a lifecycle rule removes no rows', () => {
    expect(outcome(facts, { choice: REPLACE, range: true })).toEqual(keeps('a'));
  });

  test('a rewritten object is not gone: the current version of its key counts', () => {
    expect(outcome([folder({ used: [a, b], listed: [b, object('a', 'less')] })])).toEqual(keeps());
  });
});

describe('a folder that was emptied', () => {
  const facts = [folder({ used: [a, b], listed: [] })];

  test('raises a question; only --allow-empty removes its rows', () => {
    expect(outcome(facts)).toBe('emptied');
    expect(outcome(facts, { choice: KEEP })).toEqual(keeps('a', 'b'));
    expect(outcome(facts, { choice: EMPTY })).toEqual(drops('a', 'b'));
    expect(outcome(facts, { choice: REPLACE })).toBe('emptied');
    expect(outcome(facts, { choice: REPLACE, force: true })).toBe('emptied');
    expect(outcome(facts, { choice: choiceOf({ replaceFolder: true, allowEmpty: true }) })).toEqual(drops('a', 'b'));
  });

  test('keeps its rows if every table is rebuilt, and in a range whatever that allows', () => {
    expect(outcome(facts, { force: true })).toEqual(keeps('a', 'b'));
    expect(outcome(facts, { range: true })).toEqual(keeps('a', 'b'));
    expect(outcome(facts, { range: true, choice: EMPTY })).toEqual(keeps('a', 'b'));
    expect(outcome(facts, { range: true, choice: REPLACE })).toEqual(keeps('a', 'b'));
  });

  test('is never deleted by policy alone', () => {
    for (const more of [{}, { force: true }, { range: true }, { onEmpty: 'publish' as const }])
      expect(outcome(facts, { onVanish: 'rebuild', ...more })).toBe('emptied');
    expect(outcome(facts, { onVanish: 'rebuild', choice: EMPTY })).toEqual(drops('a', 'b'));
  });

  test('keeps its rows until something new comes', () => {
    const { answers } = decide(facts, { choice: KEEP });
    expect(outcome(facts, { answers })).toEqual(keeps('a', 'b'));
    expect(outcome([folder({ used: [a, b], listed: [merged] })], { answers })).toBe('rewritten');
  });

  test('is empty on purpose from then on', () => {
    const { answers } = decide(facts, { choice: EMPTY });
    expect(outcome([folder({})], { answers })).toEqual(keeps());
    expect(outcome(facts, { answers }), 'a build that failed is repeated').toEqual(drops('a', 'b'));
  });

  test("beside others of the window does not matter, unless it is the day's own", () => {
    const rest = folder({ folder: NEXT, used: [c], listed: [c] });
    const neighbour = folder({ folder: '2026-11-04', used: [b], listed: [] });
    expect(outcome([neighbour, folder({ used: [a], listed: [a] }), rest])).toEqual(keeps('b'));
    expect(outcome([...facts, rest])).toBe('emptied');
    expect(outcome([neighbour, folder({ used: [a], listed: [a] })], { onVanish: 'rebuild' })).toBe('emptied');
  });
});

test('a folder that never held objects follows its policy or an explicit choice; force is neither', () => {
  const facts = [folder({})];
  expect(outcome(facts)).toBe('empty');
  expect(outcome(facts, { force: true })).toBe('empty');
  expect(outcome(facts, { onEmpty: 'publish' })).toEqual(keeps());
  expect(outcome(facts, { onEmpty: 'skip', force: true })).toEqual({ ...keeps(), skip: true });
  for (const onEmpty of ['fail', 'skip'] as const) {
    expect(outcome(facts, { onEmpty, choice: EMPTY })).toEqual(keeps());
    expect(outcome(facts, { onEmpty, answers: decide(facts, { onEmpty, choice: EMPTY }).answers })).toEqual(keeps());
  }
});

describe('what a published day knows of its folders', () => {
  const chunk = (objects: StoredObject[], rows: number): RecordedChunk & { folder: string } => ({
    ...{ id: chunkIdOf(objects), folder: DAY, objects },
    rowsByDay: new Map([['n', { [DAY]: rows }]]),
  });
  const used = chunk([a, b], 2);
  const compare = (listed: StoredObject[], recorded = [used]) =>
    compareFolders({ day: DAY, published: [used.id], recorded, listed: new Map([[DAY, listed]]) })[0];

  test('is new unless it is of its chunks, or is known to hold no row of the day', () => {
    expect(compare([a, b])).toMatchObject({ gone: [], fresh: [] });
    expect(compare([a, merged])).toMatchObject({ gone: [b], fresh: [merged] });
    expect(compare([a, merged], [used, chunk([merged], 0)])).toMatchObject({ gone: [b], fresh: [] });
    expect(compare([a, merged], [used, chunk([merged], 1)])).toMatchObject({ gone: [b], fresh: [merged] });
    expect(compare([object('a', 'more')])).toMatchObject({ gone: [b], fresh: [object('a', 'more')] });
  });

  test('nothing has to be decided while all of it is listed', () => {
    expect(isDoubtful(DAY, [folder({ used: [a], listed: [a, c] })])).toBe(false);
    expect(isDoubtful(DAY, [folder({ used: [a], listed: [c] })])).toBe(true);
    expect(isDoubtful(DAY, [folder({})])).toBe(true);
    expect(isDoubtful(DAY, [folder({ listed: [a] }), folder({ folder: NEXT })])).toBe(false);
  });
});

describe('the words', () => {
  const asking = (source: string, facts: FolderFacts[]): SourceQuestion[] => {
    const { question } = decide(facts);
    if (!question) return [];
    return [{ source, folder: `s3://data/${source}/`, onVanish: 'keep', onEmpty: 'fail', facts, question }];
  };

  test('say what was found and end with both commands', () => {
    const facts = [folder({ used: [a, b], listed: [object('a2', 'a')] })];
    const text = questionText(DAY, asking('events', facts));
    expect(plain(text)).toContain(
      `events: 2 of 2 objects that ${DAY} was published from are no longer listed, first a`,
    );
    expect(plain(text)).toContain(
      '1 new or rewritten object arrived since, first a2 (1 with the ETag and size of a vanished one',
    );
    expect(commandsIn(text)).toEqual([command.run(DAY, '--replace-folder'), command.run(DAY, '--keep-vanished')]);
  });

  test('name every source with the same question, and no other: one answer settles all that was read', () => {
    const rewritten = [folder({ used: [a], listed: [merged] })];
    const questions = [
      ...asking('events', rewritten),
      ...asking('orders', [folder({})]),
      ...asking('returns', rewritten),
    ];
    expect(firstQuestions(questions).map(({ source }) => source)).toEqual(['events', 'returns']);
    expect(plain(questionText(DAY, firstQuestions(questions)))).toMatch(/^events: .* returns: /);
  });

  test('say in a note which rows are kept and which are removed', () => {
    const facts = [folder({ used: [a, b], listed: [b] })];
    const found = `events: 1 of 2 objects that ${DAY} was published from is no longer listed, first a`;
    expect(vanishedNotes(DAY, 'events', facts, decide(facts))).toEqual([`${found}; the day keeps their rows`]);
    expect(vanishedNotes(DAY, 'events', facts, decide(facts, { choice: REPLACE }))).toEqual([
      `${found}; the day is rebuilt without them`,
    ]);
    expect(vanishedNotes(DAY, 'events', [], { kept: new Map(), replaced: [] })).toEqual([]);
  });
});
