import { retriedChunkId } from '../ledger/fingerprints.js';
import { plural } from '../shared/format.js';
import type { Dependencies } from '../step/dependencies.js';
import type { Chunk } from './plan.js';

/** The effect of a request to process rejects again. */
export interface Retried {
  /** Why the day differs from the published one; undefined if nothing is processed again. */
  change: string | undefined;
  notes: string[];
}

/**
 * Gives the chunks of folder D that hold rejects or quarantined objects a new id in `chunks`, so that they are normalized again, for
 * example after a dictionary was fixed. All others are reused. After a change of the SELECT every chunk is normalized again anyway: a
 * day never mixes the results of two versions of a SELECT.
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
    // A second run with the same `retry` finds the new id already in place.
    if (!wrong.has(chunk.id) || chunk.id === id) continue;
    chunks[index] = { ...chunk, id, recorded: false };
    again++;
  }
  const count = `${again} of ${plural(own.length, 'chunk')} of folder ${day}`;
  if (again > 0) {
    const change = `${source}: ${count} with rejects or quarantined objects ${again === 1 ? 'is' : 'are'} processed again`;
    return { change, notes: [change] };
  }
  return {
    change: undefined,
    notes: [
      fresh > 0
        ? `${source}: ${fresh} of ${plural(own.length, 'chunk')} of folder ${day} ${fresh === 1 ? 'is' : 'are'} normalized anyway: the SQL or the objects changed`
        : `${source}: no chunk of folder ${day} holds rejects or quarantined objects; nothing is processed again`,
    ],
  };
}
