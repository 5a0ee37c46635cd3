import type { RecordedChunk, FolderAnswer, PublishRecord } from '../../ledger/records.js';
import type { SourceConfig } from '../../project/config/config.js';
import type { Project } from '../../project/project.js';
import { addDays, daysBetween } from '../../shared/day.js';
import type { VanishedChoice } from '../../shared/inputs/choice.js';
import { manifestKey, normalizedFolder } from '../../shared/names.js';
import { type Text } from '../../shared/sentence.js';
import type { Dependencies } from '../../step/dependencies.js';
import { objectName, type StoredObject } from '../../store/object.js';
import { assertCover, coverFolder, rowsOf } from '../cover.js';
import type { KnownChunk } from '../known.js';
import { dataObjects, rulesOf, tableLogIn, tableLogText } from '../listing.js';
import type { Chunk } from '../plan.js';
import { retryRejects } from '../retry-rejects.js';
import { decideFolders } from './decide.js';
import { vanishedNotes, type LostObjects, type SourceQuestion } from './text.js';
import type { FolderFacts, VanishedDecision } from './vanished.js';

/** What one source's folders hold for a day, before it is assigned to chunks. */
export interface LookedAt extends FoldersOf {
  config: SourceConfig;
  /** Objects by folder, as the store lists them. */
  listed: Map<string, StoredObject[]>;
  /** Folders that hold the log of a table, such as `raw/dt=2026-11-05/_delta_log/`. */
  logs: string[];
  facts: FolderFacts[];
  decision: VanishedDecision;
  /** What a person must answer before the day can be built. */
  question: SourceQuestion | undefined;
}

/** What one source contributes to a day. */
export interface SourceListing {
  source: string;
  normalizer: string;
  /** Chunks of everything listed and everything kept, recorded ones first. */
  chunks: Chunk[];
  /** Ids of the chunks with rows of the day; undefined while a chunk was never normalized. */
  chunksOfDay: string[] | undefined;
  /** Folder D is empty and the source's policy is to skip the day. */
  skip: boolean;
  /** What differs from the published day, as text. */
  change: string;
  notes: Text[];
  /** Vanished objects that must be read again; undefined if every chunk can be read, and before {@link checkChunks}. */
  lost: LostObjects | undefined;
  /** What the user decided about vanished objects, for the ledger. */
  answers: FolderAnswer[];
}

export interface FoldersOf {
  project: Project;
  source: string;
  day: string;
  force: boolean;
  /** The run also builds changed code, or is one of a range: it needs no raw object of a published day. */
  code: boolean;
  /** What the user says about vanished objects. */
  choice: VanishedChoice;
  /** See `DayInput`. */
  retry: string | undefined;
  normalizer: string;
  published: PublishRecord | undefined;
  /** The chunks that were ever made of these folders. */
  recorded: readonly KnownChunk[];
}

/** Lists the folders D-before … D+after of a source and decides what vanished objects mean. Assigns no chunks yet. */
export async function lookAtFolders(deps: Dependencies, of: FoldersOf, signal?: AbortSignal): Promise<LookedAt> {
  const config = of.project.config.sources[of.source];
  if (!config) throw new RangeError(`no source ${of.source} in the config`);
  const { listed, logs } = await listFolders(deps, { config, day: of.day }, signal);
  const found = await decideFolders(deps, {
    ...of,
    ...{ config, listed, published: of.published?.chunks ?? [], range: of.code },
  });
  return { ...of, config, listed, logs, ...found };
}

/** Lists the folders that may hold rows of a day, and the chunks that were ever recorded for them. */
export async function listWindow(
  deps: Pick<Dependencies, 'store' | 'ledger'>,
  { source, config, day }: { source: string; config: SourceConfig; day: string },
  signal?: AbortSignal,
): Promise<{ recorded: KnownChunk[]; listed: Map<string, StoredObject[]>; logs: string[] }> {
  const [first, last] = [addDays(day, -config.arrival.before), addDays(day, config.arrival.after)];
  const [recorded, found] = await Promise.all([
    deps.ledger.chunksOf(source, first, last),
    listFolders(deps, { config, day }, signal),
  ]);
  return { recorded, ...found };
}

async function listFolders(
  deps: Pick<Dependencies, 'store'>,
  { config, day }: { config: SourceConfig; day: string },
  signal?: AbortSignal,
): Promise<{ listed: Map<string, StoredObject[]>; logs: string[] }> {
  const folders = daysBetween(addDays(day, -config.arrival.before), addDays(day, config.arrival.after));
  const found = await Promise.all(folders.map((folder) => listFolder(deps, config, folder, signal)));
  return {
    listed: new Map(folders.map((folder, index) => [folder, found[index]?.objects ?? []])),
    logs: found.flatMap(({ log }) => log ?? []),
  };
}

/** Assigns listed objects, and vanished objects that are kept, to chunks. Does not check whether the chunks still exist. */
export async function coverFolders(deps: Dependencies, of: LookedAt): Promise<SourceListing> {
  const { config, recorded, decision } = of;
  const chunks: Chunk[] = [];
  for (const [folder, found] of of.listed) {
    const objects = [...found, ...(decision.kept.get(folder) ?? [])];
    const cover = coverFolder(
      folder,
      objects,
      recorded.filter((chunk) => chunk.folder === folder),
      config.chunk,
      of.normalizer,
    );
    assertCover(objects, cover);
    chunks.push(...cover);
  }
  const retried = await retryRejects(deps, of, chunks);
  return {
    source: of.source,
    normalizer: of.normalizer,
    chunks,
    chunksOfDay: rowsOfDay(of, chunks, recorded),
    skip: decision.skip,
    change: retried.change ?? changeOf(of, chunks, recorded),
    notes: [
      ...vanishedNotes(of.day, of.source, of.facts, decision),
      ...retried.notes,
      ...of.logs.map((log) => `${of.source}: ${tableLogText(log)}`),
    ],
    lost: undefined,
    answers: decision.answers,
  };
}

/** Checks which recorded chunks still exist, and finds what is lost; only needed for a source whose table is built. */
export async function checkChunks(deps: Dependencies, of: LookedAt, listing: SourceListing): Promise<SourceListing> {
  const chunks = await withoutExpired(deps, of, listing.chunks);
  return { ...listing, chunks, lost: lostOf(of, chunks) };
}

/** Finds the vanished objects of chunks that must be normalized. */
function lostOf(
  { source, normalizer, decision: { kept, emptied }, recorded }: LookedAt,
  chunks: readonly Chunk[],
): LostObjects | undefined {
  const gone = new Set([...kept.values()].flat().map(objectName));
  const missing = chunks
    .filter((chunk) => !chunk.recorded)
    .map((chunk) => ({ ...chunk, objects: chunk.objects.filter((object) => gone.has(objectName(object))) }))
    .filter(({ objects }) => objects.length > 0);
  const [first] = missing;
  if (!first) return undefined;
  const made = recorded.find(({ id }) => id === first.id)?.rowsByDay;
  const inEmptied = missing.filter(({ folder }) => emptied.includes(folder)).length;
  return {
    source,
    objects: missing.flatMap(({ objects }) => objects),
    cause: made?.has(normalizer) ? 'expired' : made ? 'edited' : 'regrouped',
    emptied: inEmptied === 0 ? 'none' : inEmptied === missing.length ? 'all' : 'some',
  };
}

async function listFolder(
  { store }: Pick<Dependencies, 'store'>,
  config: SourceConfig,
  folder: string,
  signal?: AbortSignal,
): Promise<{ objects: StoredObject[]; log: string | undefined }> {
  const rules = rulesOf(config, folder);
  const listed = await store.list(config.bucket, rules.prefix, signal);
  const objects = dataObjects(listed, rules);
  return {
    objects: objects.map(({ key, etag, size }) => ({ key, etag, size })),
    log: tableLogIn(listed, rules.prefix),
  };
}

/**
 * Returns the ids of the chunks with rows of the day. With a changed normalizer they are unknown before it runs; the rows of the
 * published normalizer then show whether the data changed, or only the code.
 */
function rowsOfDay(of: FoldersOf, chunks: readonly Chunk[], recorded: readonly RecordedChunk[]): string[] | undefined {
  const known = new Map(recorded.map((chunk) => [chunk.id, chunk]));
  const ids: string[] = [];
  for (const { id } of chunks) {
    const chunk = known.get(id);
    const rows = chunk && rowsOf(chunk, of.normalizer);
    if (!rows) return undefined;
    if ((rows[of.day] ?? 0) > 0) ids.push(id);
  }
  return ids;
}

/** Unmarks recorded chunks whose manifest no longer exists: normalized chunks expire, the ledger does not. */
async function withoutExpired({ store }: Dependencies, of: FoldersOf, chunks: readonly Chunk[]): Promise<Chunk[]> {
  const { bucket, normalized } = of.project.config.store;
  const existing = new Set<string>();
  for (const folder of new Set(chunks.filter(({ recorded }) => recorded).map((chunk) => chunk.folder)))
    for (const { key } of await store.list(
      bucket,
      normalizedFolder(normalized, of.project.config.project, of.source, folder),
    ))
      existing.add(key);
  return chunks.map((chunk) => ({
    ...chunk,
    recorded:
      chunk.recorded &&
      existing.has(
        manifestKey(normalized, of.project.config.project, of.source, chunk.folder, chunk.id, of.normalizer),
      ),
  }));
}

function changeOf(of: FoldersOf, chunks: readonly Chunk[], recorded: readonly RecordedChunk[]): string {
  const before = new Map(recorded.flatMap(({ objects }) => objects.map(({ key, etag }) => [key, etag] as const)));
  const fresh = chunks.flatMap(({ objects }) => objects).filter(({ key, etag }) => before.get(key) !== etag);
  const rewritten = fresh.filter(({ key }) => before.has(key)).length;
  const words = [
    ...(fresh.length > rewritten ? [`${fresh.length - rewritten} new`] : []),
    ...(rewritten > 0 ? [`${rewritten} rewritten`] : []),
  ];
  return words.length > 0
    ? `${of.source}: ${words.join(' and ')} ${fresh.length === 1 ? 'object' : 'objects'}`
    : `${of.source}: its chunks differ from the published ones`;
}
