import { assertCover, coverFolder, type RecordedChunk } from '../core/chunks.js';
import { addDays, daysBetween } from '../core/day.js';
import { dataObjects, vanishedObjects } from '../core/listing.js';
import type { Chunk, StoredObject } from '../core/messages.js';
import { manifestKey, normalizedFolder } from '../core/names.js';
import { final } from '../errors.js';
import type { PublishRecord } from '../io/ledger.js';
import type { SourceConfig } from '../project/config.js';
import { folderPrefix } from '../project/prefix.js';
import type { Project } from '../project/project.js';
import type { Dependencies } from './dependencies.js';
import { retryRejects } from './retry-rejects.js';

/** What one source's folders hold for a day. */
export interface SourceListing {
  source: string;
  normalizer: string;
  /** An exact cover of everything listed, recorded chunks first. */
  chunks: Chunk[];
  /** Ids of the chunks with rows of the day; undefined while some chunk was never normalized. */
  chunksOfDay: string[] | undefined;
  /** Folder D is empty and the source's policy is to leave the day alone. */
  skip: boolean;
  /** What differs from the published day, in words. */
  change: string;
  notes: string[];
}

export interface FoldersOf {
  project: Project;
  source: string;
  day: string;
  force: boolean;
  /** The run is for changed code: it needs no raw object of a day that is published. */
  code: boolean;
  /** See `DayInput`. */
  retry: string | undefined;
  normalizer: string;
  published: PublishRecord | undefined;
}

/** Lists the folders D-before … D+after of a source and covers them with chunks. */
export async function listFolders(deps: Dependencies, of: FoldersOf, signal?: AbortSignal): Promise<SourceListing> {
  const config = of.project.config.sources[of.source];
  if (!config) throw new RangeError(`no source ${of.source} in the config`);
  const folders = daysBetween(addDays(of.day, -config.arrival.before), addDays(of.day, config.arrival.after));
  const recorded = await deps.ledger.chunksOf(of.source, folders[0] ?? of.day, folders.at(-1) ?? of.day);

  const listed = new Map<string, StoredObject[]>();
  for (const folder of folders) listed.set(folder, await listFolder(deps, config, folder, signal));
  const { kept, notes } = vanished(of, config, listed, recorded);
  for (const [folder, objects] of kept) listed.set(folder, [...(listed.get(folder) ?? []), ...objects]);
  const skip = emptyFolder(of, config, listed);

  const chunks: Chunk[] = [];
  for (const [folder, objects] of listed) {
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
  const chunksOfDay = rowsOfDay(of, chunks, recorded);
  return {
    source: of.source,
    normalizer: of.normalizer,
    chunks: await withoutExpired(deps, of, chunks),
    chunksOfDay,
    skip,
    change: retried.change ?? changeOf(of, chunks, recorded),
    notes: [...notes, ...retried.notes],
  };
}

async function listFolder(
  { store }: Dependencies,
  config: SourceConfig,
  folder: string,
  signal?: AbortSignal,
): Promise<StoredObject[]> {
  const prefix = folderPrefix(config.prefix, folder);
  const marker = 'marker' in config.ready ? config.ready.marker : undefined;
  const objects = dataObjects(await store.list(config.bucket, prefix, signal), prefix, marker);
  return objects.map(({ key, etag, size }) => ({ key, etag, size }));
}

/**
 * Objects that the published day stands on and that are gone. With `keep` they count as if they were still listed, so that their
 * chunks stay whole: a lifecycle rule must not thin an old day.
 */
function vanished(
  of: FoldersOf,
  config: SourceConfig,
  listed: ReadonlyMap<string, StoredObject[]>,
  recorded: readonly (RecordedChunk & { folder: string })[],
) {
  const used = new Set(of.published?.chunks ?? []);
  const kept = new Map<string, StoredObject[]>();
  const gone: string[] = [];
  let known = 0;
  for (const chunk of recorded.filter(({ id }) => used.has(id))) {
    known += chunk.objects.length;
    const missing = vanishedObjects(listed.get(chunk.folder) ?? [], chunk.objects);
    for (const { key } of missing) gone.push(key);
    if (config.onVanish === 'keep' && missing.length > 0)
      kept.set(chunk.folder, [...(kept.get(chunk.folder) ?? []), ...missing]);
  }
  if (gone.length === 0) return { kept, notes: [] };
  const found = `${gone.length} of ${known} objects that ${of.day} was published from are no longer listed, first ${gone[0] ?? ''}`;
  if (gone.length === known && !of.force && !(of.code && config.onVanish === 'keep'))
    throw final(
      'EmptyListing',
      `${of.source}: ${found}. Readers keep the day. If its rows are to go, ` +
        `${config.onVanish === 'rebuild' ? '' : "set onVanish to 'rebuild' and "}say so: npx daybook run --day ${of.day} --force`,
      { details: { step: 'list', source: of.source } },
    );
  if (config.onVanish === 'fail')
    throw final('ObjectVanished', `${of.source}: ${found}. The source's onVanish is 'fail'.`, {
      details: { step: 'list', source: of.source },
    });
  return {
    kept,
    notes: [
      `${of.source}: ${found}${config.onVanish === 'keep' ? '; the day keeps their rows' : '; the day is rebuilt without them'}`,
    ],
  };
}

/** True when the day is to be left alone. An empty folder of the day itself is a decision of the source, never a guess. */
function emptyFolder(of: FoldersOf, config: SourceConfig, listed: ReadonlyMap<string, StoredObject[]>): boolean {
  if ((listed.get(of.day) ?? []).length > 0 || of.force || config.onEmpty === 'publish') return false;
  if (config.onEmpty === 'skip') return true;
  throw final(
    'SourceNotReady',
    `${of.source}: s3://${config.bucket}/${folderPrefix(config.prefix, of.day)} holds no objects, and the source's onEmpty is 'fail'. ` +
      `When its data has arrived: npx daybook run --day ${of.day}. If the day really is empty, set onEmpty to 'publish' or 'skip'.`,
    { details: { step: 'list', source: of.source } },
  );
}

/**
 * Ids of the chunks that have rows of the day. Under a changed normalizer that is not known before its run; what the published
 * one made of them then tells whether the data changed, or only the code.
 */
function rowsOfDay(of: FoldersOf, chunks: readonly Chunk[], recorded: readonly RecordedChunk[]): string[] | undefined {
  const known = new Map(recorded.map((chunk) => [chunk.id, chunk]));
  const ids: string[] = [];
  for (const { id } of chunks) {
    const made = known.get(id)?.rowsByDay;
    const rows = made?.get(of.normalizer) ?? [...(made?.values() ?? [])].at(-1);
    if (!rows) return undefined;
    if ((rows[of.day] ?? 0) > 0) ids.push(id);
  }
  return ids;
}

/** A chunk counts as recorded only while its manifest stands: normalized chunks expire, the ledger does not. */
async function withoutExpired({ store }: Dependencies, of: FoldersOf, chunks: readonly Chunk[]): Promise<Chunk[]> {
  const { bucket, normalized } = of.project.config.store;
  const standing = new Set<string>();
  for (const folder of new Set(chunks.filter(({ recorded }) => recorded).map((chunk) => chunk.folder)))
    for (const { key } of await store.list(
      bucket,
      normalizedFolder(normalized, of.project.config.project, of.source, folder),
    ))
      standing.add(key);
  return chunks.map((chunk) => ({
    ...chunk,
    recorded:
      chunk.recorded &&
      standing.has(
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
    ? `${of.source}: ${words.join(' and ')} objects`
    : `${of.source}: its chunks differ from the published ones`;
}
