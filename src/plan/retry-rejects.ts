import { retriedChunkId } from '../ledger/fingerprints.js';
import { plural } from '../shared/format.js';
import type { Dependencies } from '../step/dependencies.js';
import type { Chunk } from './plan.js';

/** What came of a wish to feed rejects again. */
export interface Retried {
  /** Why the day differs from the published one; undefined where nothing is fed again. */
  change: string | undefined;
  notes: string[];
}

/**
 * Chunks of folder D that hold rejects or quarantined objects get a new identity in `chunks`, under which they are normalized once
 * more: for a dictionary that was mended, say. All others serve as they are. Under a changed SELECT there is nothing to choose:
 * every chunk is made anew, because a day is never a mixture of what two SELECTs say.
 */
export async function retryRejects(
  { ledger }: Dependencies,
  of: { source: string; day: string; normalizer: string; retry: string | undefined },
  chunks: Chunk[],
): Promise<Retried> {
  const { source, day, normalizer, retry } = of;
  if (retry === undefined) return { change: undefined, notes: [] };
  const own = chunks.filter(({ folder }) => folder === day);
  const fresh = own.filter(({ recorded }) => !recorded).length;
  const known = own.filter(({ recorded }) => recorded).map(({ id }) => ({ id, normalizer }));
  const wrong = new Set(
    (known.length === 0 ? [] : await ledger.folderAccounts(source, day, day, known))
      .filter(({ rejected, quarantined }) => rejected > 0 || quarantined !== '')
      .map(({ chunk }) => chunk),
  );
  let again = 0;
  for (const [index, chunk] of chunks.entries()) {
    const id = retriedChunkId(chunk.objects, retry);
    // A second look under the same name finds what the first one made.
    if (!wrong.has(chunk.id) || chunk.id === id) continue;
    chunks[index] = { ...chunk, id, recorded: false };
    again++;
  }
  const count = `${again} of ${plural(own.length, 'chunk')} of folder ${day}`;
  if (again > 0) {
    const change = `${source}: ${count} held rejects or quarantined objects and ${again === 1 ? 'is' : 'are'} fed again`;
    return { change, notes: [change] };
  }
  return {
    change: undefined,
    notes: [
      fresh > 0
        ? `${source}: ${fresh} of ${plural(own.length, 'chunk')} of folder ${day} ${fresh === 1 ? 'is' : 'are'} made anew anyway: the SQL or the objects changed`
        : `${source}: no chunk of folder ${day} holds rejects or quarantined objects; nothing is fed again`,
    ],
  };
}
