import type { RecordedChunk, FolderAnswer } from '../../ledger/records.js';
import type { Day } from '../../shared/day.js';
import type { VanishedChoice } from '../../shared/inputs/choice.js';
import { objectName, type StoredObject } from '../../store/object.js';
import { rowsOf } from '../cover.js';
import { vanishedObjects } from '../listing.js';

/*
 * What vanished objects of a published day mean. The store cannot distinguish a folder that was rewritten (compacted, renamed,
 * overwritten: the new objects contain the old rows) from one where old objects were deleted and late-arriving data came (they do
 * not), so a person is asked and nothing is guessed. The whole rule is here, without store or ledger.
 */

/** A folder as a published day used it, and as it is listed now. */
export interface FolderFacts {
  folder: Day;
  listed: readonly StoredObject[];
  /** Objects of the chunks with rows of the published day. */
  used: readonly StoredObject[];
  /** Of `used`: those whose key is no longer listed. A rewritten object is not gone. */
  gone: readonly StoredObject[];
  /** Of `listed`: new and rewritten objects that may bring rows of the day. */
  fresh: readonly StoredObject[];
}

/**
 * Compares the folders of a day's window with what the day was published from.
 *
 * @param published ids of the chunks with rows of the published day; empty if it is not published
 * @param normalizer the one whose row counts matter; if a chunk lacks it, or none is given, the newest record counts
 */
export function compareFolders(of: {
  day: Day;
  published: readonly string[];
  recorded: readonly (RecordedChunk & { folder: Day })[];
  listed: ReadonlyMap<Day, readonly StoredObject[]>;
  normalizer?: string;
  /** Whether a key of a folder is data by the config as it is now; what is excluded has not vanished. */
  isData?: (key: string, folder: Day) => boolean;
}): FolderFacts[] {
  const published = new Set(of.published);
  return [...of.listed].map(([folder, listed]) => {
    const chunks = of.recorded.filter((chunk) => chunk.folder === folder);
    const used = chunks
      .filter(({ id }) => published.has(id))
      .flatMap(({ objects }) => objects)
      .filter(({ key }) => of.isData?.(key, folder) ?? true);
    const rows = (chunk: RecordedChunk) => rowsOf(chunk, of.normalizer)?.[of.day] ?? 0;
    const named = (some: readonly RecordedChunk[]) => some.flatMap(({ objects }) => objects.map(objectName));
    const bearing = new Set(named(chunks.filter((chunk) => rows(chunk) > 0)));
    const barren = new Set(named(chunks.filter((chunk) => rows(chunk) === 0)));
    const known = new Set(used.map(objectName));
    return {
      folder,
      listed,
      used,
      gone: vanishedObjects(listed, used),
      fresh: listed
        .filter((object) => !known.has(objectName(object)))
        .filter((object) => bearing.has(objectName(object)) || !barren.has(objectName(object))),
    };
  });
}

/** True if something has to be decided: objects are gone, or the day's own folder is empty. */
export const isDoubtful = (day: Day, facts: readonly FolderFacts[]): boolean =>
  facts.some(({ folder, gone, listed }) => gone.length > 0 || (folder === day && listed.length === 0));

/** A question that a person must answer before the day can be built. */
export interface FolderQuestion {
  /**
   * `rewritten`: objects are gone and new ones came. `emptied`: all objects of a folder are gone. `vanished`: objects are gone, which
   * is a failure by the source's policy. `empty`: the day's own folder never held any, which is a failure by policy too.
   */
  kind: 'vanished' | 'rewritten' | 'emptied' | 'empty';
  folders: FolderFacts[];
}

export interface VanishedDecision {
  /** While there is one, the day is not built. */
  question: FolderQuestion | undefined;
  /** Vanished objects that count as if they were still listed, by folder. */
  kept: Map<Day, StoredObject[]>;
  /** Vanished objects whose rows are removed. */
  replaced: StoredObject[];
  /** Folders that are empty now, if that matters for the day: its own folder, or all that it has rows of. */
  emptied: Day[];
  /** The day is skipped: its own folder is empty, and the source's policy says so. */
  skip: boolean;
  /** What this run has decided, for the ledger. */
  answers: FolderAnswer[];
}

export interface DecidingOf {
  day: Day;
  facts: readonly FolderFacts[];
  onVanish: 'keep' | 'rebuild' | 'fail';
  onEmpty: 'fail' | 'publish' | 'skip';
  /** Names of objects without a row in any day: nothing is lost or duplicated with them. See {@link objectName}. */
  barren: ReadonlySet<string>;
  /** What was decided before, oldest first. */
  answers: readonly FolderAnswer[];
  choice: VanishedChoice;
  /** The run is one of a range: `replaceFolder` then only answers questions, and no folder is emptied that policy keeps. */
  range: boolean;
  /** Every table is rebuilt from its chunks, so an emptied folder is kept without asking. */
  force: boolean;
}

/** Decides which vanished objects a day keeps, or which question must be answered first. */
export function decideVanished(of: DecidingOf): VanishedDecision {
  const { day, facts, onVanish } = of;
  const emptied = emptiedFolders(of).map(({ folder }) => folder);
  const decision: VanishedDecision = {
    ...{ question: undefined, kept: new Map<Day, StoredObject[]>(), replaced: [] as StoredObject[], emptied },
    ...{ skip: false, answers: [] as FolderAnswer[] },
  };
  const affected = facts.filter(({ gone }) => gone.length > 0);
  if (onVanish === 'fail' && affected.length > 0)
    return { ...decision, question: { kind: 'vanished', folders: affected } };

  const before = latestAnswers(of.answers);
  const asked = { rewritten: [] as FolderFacts[], emptied: [] as FolderFacts[] };
  for (const folder of affected) {
    const empty = emptied.includes(folder.folder);
    const rule = onVanish === 'rebuild' ? ruleRebuild : empty ? ruleEmptied : ruleKeep;
    const { ask, answer } = rule({ ...of, folder, emptied: empty, before });
    if (ask) asked[ask].push(folder);
    if (answer) decision.answers.push({ folder: folder.folder, answer, objects: folder.gone });
    const goes = ({ key, etag }: StoredObject) =>
      answer === undefined
        ? onVanish === 'rebuild' || before.get(objectName({ key, etag })) === 'replace'
        : answer === 'replace';
    decision.replaced.push(...folder.gone.filter(goes));
    const kept = folder.gone.filter((object) => !goes(object));
    if (kept.length > 0) decision.kept.set(folder.folder, kept);
  }
  if (asked.rewritten.length > 0) return { ...decision, question: { kind: 'rewritten', folders: asked.rewritten } };
  if (asked.emptied.length > 0) return { ...decision, question: { kind: 'emptied', folders: asked.emptied } };
  return {
    ...decision,
    ...ownFolder(
      of,
      decision,
      facts.find(({ folder }) => folder === day),
    ),
  };
}

/** Finds folders whose objects are all gone, if that matters for the day: its own folder, or all that it has rows of. */
function emptiedFolders({ day, facts, onVanish }: DecidingOf): FolderFacts[] {
  const known = facts.filter(({ used }) => used.length > 0);
  const emptied = known.filter(({ listed }) => listed.length === 0);
  const own = emptied.some(({ folder }) => folder === day) || emptied.length === known.length;
  return onVanish === 'rebuild' || own ? emptied : [];
}

interface Ruling extends DecidingOf {
  folder: FolderFacts;
  emptied: boolean;
  before: ReadonlyMap<string, FolderAnswer['answer']>;
}
/** With neither, policy and earlier answers apply. */
interface Ruled {
  ask?: 'rewritten' | 'emptied';
  answer?: FolderAnswer['answer'];
}

/** Follows the listing, except that an empty one never counts as a deletion. */
function ruleRebuild({ folder, emptied, before, choice }: Ruling): Ruled {
  if (!emptied || folder.gone.every((object) => before.get(objectName(object)) === 'replace')) return {};
  return choice.allowEmpty ? { answer: 'replace' } : { ask: 'emptied' };
}

function ruleEmptied(of: Ruling): Ruled {
  const { folder, before, choice, range, force } = of;
  // The objects were moved to another folder of the window.
  if (newcomers(of).length > 0) return ruleKeep(of);
  if (choice.allowEmpty && !range) return { answer: 'replace' };
  if (choice.keepVanished) return { answer: 'keep-while-empty' };
  // An empty folder was not rewritten: removing its rows needs allowEmpty.
  if (choice.replaceFolder && !range) return { ask: 'emptied' };
  return range || force || folder.gone.every((object) => before.has(objectName(object))) ? {} : { ask: 'emptied' };
}

function ruleKeep(of: Ruling): Ruled {
  const { folder, before, choice, range, barren } = of;
  const decided = (object: StoredObject) => ['keep', 'replace'].includes(before.get(objectName(object)) ?? '');
  const open =
    newcomers(of).length > 0 && folder.gone.some((object) => !barren.has(objectName(object)) && !decided(object));
  if (choice.replaceFolder && (open || !range)) return { answer: 'replace' };
  const revoked = folder.gone.some((object) => before.get(objectName(object)) === 'replace');
  if (choice.keepVanished && (open || revoked)) return { answer: 'keep' };
  return open ? { ask: 'rewritten' } : {};
}

/** Lists new objects of the folder, and new objects of other folders with the same content as a vanished one. */
function newcomers({ folder, facts }: Pick<Ruling, 'folder' | 'facts'>): StoredObject[] {
  const others = facts.filter((other) => other !== folder).flatMap(({ fresh }) => fresh);
  return [...folder.fresh, ...twinsOf(folder.gone, others)];
}

/** Finds new objects with the ETag and size of a vanished one: most probably a rename. */
export const twinsOf = (gone: readonly StoredObject[], fresh: readonly StoredObject[]): StoredObject[] => {
  const contents = new Set(gone.map(contentOf));
  return fresh.filter((object) => contents.has(contentOf(object)));
};

/** Decides about an empty folder of the day itself, by the source's policy or the user's choice. */
function ownFolder(
  { day, onEmpty, choice, answers }: DecidingOf,
  { kept, answers: decided }: VanishedDecision,
  own: FolderFacts | undefined,
): Partial<VanishedDecision> {
  if (!own || own.listed.length > 0 || (kept.get(day) ?? []).length > 0 || onEmpty === 'publish') return {};
  const meant = answers.some(({ answer, folder }) => answer === 'empty' && folder === day);
  if (meant) return {};
  if (choice.allowEmpty) return { answers: [...decided, { folder: day, answer: 'empty', objects: [] }] };
  return onEmpty === 'skip' ? { skip: true } : { question: { kind: 'empty', folders: [own] } };
}

/** Returns the newest answer for each object. */
const latestAnswers = (answers: readonly FolderAnswer[]): Map<string, FolderAnswer['answer']> =>
  new Map(answers.flatMap(({ answer, objects }) => objects.map((object) => [objectName(object), answer] as const)));
const contentOf = ({ etag, size }: StoredObject) => `${etag}/${size}`;
