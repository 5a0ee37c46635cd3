import type { App } from '../../app.js';
import type { FolderRecord } from '../../ledger/records.js';
import type { LedgerReport, NormalizedChunk, PlanRecord } from '../../ledger/report/index.js';
import { readPlan } from '../../plan/stored.js';
import { addDays } from '../../shared/day.js';

/** The chunks that a build of a day used, by source, with the normalizer that made them. */
export interface UsedChunks {
  sources: { source: string; chunks: NormalizedChunk[] }[];
  /** `ledger` if the plan no longer exists or can't be read; then each object's newest record counts. */
  by: 'plan' | 'ledger';
}

/**
 * Finds the chunks that a build used. Its plan lists them exactly, but plans are objects in the normalized zone and may expire.
 * Then the newest ledger record of each object is the best answer. It is wrong only after a SELECT was changed back to an
 * earlier text, because chunks that are already recorded are not recorded again.
 */
export async function usedChunks(
  app: App,
  report: LedgerReport,
  day: string,
  build: PlanRecord | null,
): Promise<UsedChunks> {
  if (!build) return { sources: [], by: 'plan' };
  const { sources } = app.project.config;
  try {
    const plan = await readPlan(app, { day, ...build });
    const used = plan.sources.map(({ name, normalizer, chunks }) => ({
      source: name,
      chunks: chunks.map(({ id, folder }) => ({ id, folder, normalizer })),
    }));
    return { sources: used, by: 'plan' };
  } catch {
    const found = Object.entries(sources).map(async ([source, { arrival }]) => ({
      source,
      chunks: await report.newestChunks(source, addDays(day, -arrival.before), addDays(day, arrival.after)),
    }));
    return { sources: await Promise.all(found), by: 'ledger' };
  }
}

/** Returns the accounts of the objects of a source's chunks, ordered by folder and key. */
export type ObjectAccounts = (source: string, chunks: readonly NormalizedChunk[]) => FolderRecord[];

/** Reads the accounts of all these chunks with one statement per source: neighbouring days share most of their chunks. */
export async function readAccounts(app: App, used: readonly UsedChunks[]): Promise<ObjectAccounts> {
  const chunks = new Map<string, Map<string, NormalizedChunk>>();
  for (const { source, chunks: some } of used.flatMap(({ sources }) => sources)) {
    const known = chunks.get(source) ?? new Map<string, NormalizedChunk>();
    for (const chunk of some) known.set(chunkPath(chunk), chunk);
    chunks.set(source, known);
  }
  const read = [...chunks].map(
    async ([source, known]) => [source, await objectAccounts(app, source, [...known.values()])] as const,
  );
  const accounts = new Map(await Promise.all(read));
  return (source, wanted) => {
    const names = new Set(wanted.map(chunkPath));
    return (accounts.get(source) ?? []).filter(({ folder, chunk: id, normalizer }) =>
      names.has(chunkPath({ folder, id, normalizer })),
    );
  };
}

const chunkPath = ({ folder, id, normalizer }: NormalizedChunk) => `${folder}/${id}/${normalizer}`;

/** Returns the chunks of one folder. */
export const ofFolder = (chunks: readonly NormalizedChunk[], folder: string): NormalizedChunk[] =>
  chunks.filter((chunk) => chunk.folder === folder);

/** Reads the accounts of all objects of the chunks, ordered by folder and key. */
export async function objectAccounts(
  { ledger }: App,
  source: string,
  chunks: readonly NormalizedChunk[],
): Promise<FolderRecord[]> {
  const folders = chunks.map(({ folder }) => folder).sort();
  const [first, last] = [folders[0], folders.at(-1)];
  return first === undefined || last === undefined ? [] : await ledger.folderAccounts(source, first, last, chunks);
}
