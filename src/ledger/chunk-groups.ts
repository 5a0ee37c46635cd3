import { grouped } from '../shared/grouped.js';

const chunkName = ({ id, normalizer }: { id: string; normalizer: string }) => `${id}/${normalizer}`;

/** Chunks that one statement names; they take 340 KB of its request. */
const CHUNKS_NAMED = 5_000;

/** Queries chunks in groups, because a day may have any number of them. Each row must be about one chunk. */
export async function inGroups<Row>(
  chunks: readonly { id: string; normalizer: string }[],
  ask: (names: string[]) => Promise<Row[]>,
): Promise<Row[]> {
  const found: Row[][] = [];
  for (const group of grouped(chunks.map(chunkName), CHUNKS_NAMED)) found.push(await ask(group));
  return found.flat();
}
