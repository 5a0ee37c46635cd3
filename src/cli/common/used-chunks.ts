import type { App } from '../../app.js';
import type { FolderRecord } from '../../ledger/records.js';
import type { LedgerReport, NormalizedChunk, PlanRecord } from '../../ledger/report.js';
import { readPlan } from '../../plan/read.js';
import { addDays } from '../../shared/day.js';

/** The chunks that a build of a day used, by source, with the normalizer that made them. */
export interface UsedChunks {
  sources: { source: string; chunks: NormalizedChunk[] }[];
  /** `ledger` where the plan is gone or can't be read: then each object's newest record counts. */
  by: 'plan' | 'ledger';
}

/**
 * What a build used stands in its plan, exactly. Plans lie in the normalized zone, where those that count no more expire with it
 * and a lifecycle rule may take the others; the ledger's chunks remain, and the newest record of each object is then the best answer: it differs from the plan's only after a SELECT was changed back
 * to an earlier text, whose chunks are found recorded and not recorded again.
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

/** Accounts of the objects of a source's chunks, in the order of their folders and keys. */
export type ObjectAccounts = (source: string, chunks: readonly NormalizedChunk[]) => FolderRecord[];

/** Reads the accounts of all these chunks with one statement per source: neighbouring days share most of their chunks. */
export async function readAccounts(app: App, used: readonly UsedChunks[]): Promise<ObjectAccounts> {
  const chunks = new Map<string, Map<string, NormalizedChunk>>();
  for (const { source, chunks: some } of used.flatMap(({ sources }) => sources)) {
    const known = chunks.get(source) ?? new Map<string, NormalizedChunk>();
    for (const chunk of some) known.set(chunkName(chunk), chunk);
    chunks.set(source, known);
  }
  const read = [...chunks].map(
    async ([source, known]) => [source, await objectAccounts(app, source, [...known.values()])] as const,
  );
  const accounts = new Map(await Promise.all(read));
  return (source, wanted) => {
    const names = new Set(wanted.map(chunkName));
    return (accounts.get(source) ?? []).filter(({ folder, chunk: id, normalizer }) =>
      names.has(chunkName({ folder, id, normalizer })),
    );
  };
}

const chunkName = ({ folder, id, normalizer }: NormalizedChunk) => `${folder}/${id}/${normalizer}`;

/** Chunks of one folder. */
export const ofFolder = (chunks: readonly NormalizedChunk[], folder: string): NormalizedChunk[] =>
  chunks.filter((chunk) => chunk.folder === folder);

/** The accounts of all objects of the chunks, in the order of their folders and keys. */
export async function objectAccounts(
  { ledger }: App,
  source: string,
  chunks: readonly NormalizedChunk[],
): Promise<FolderRecord[]> {
  const folders = chunks.map(({ folder }) => folder).sort();
  const [first, last] = [folders[0], folders.at(-1)];
  return first === undefined || last === undefined ? [] : await ledger.folderAccounts(source, first, last, chunks);
}
