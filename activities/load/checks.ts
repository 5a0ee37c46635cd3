import { final } from '../../src/errors.js';
import type { ChunkDigest } from '../../src/plan/manifest.js';
import type { Plan, PlannedSource, PublishedTable } from '../../src/plan/plan.js';
import { mostRejects, sumAccounts, type QuarantinedObject } from '../../src/shared/accounts.js';
import { command } from '../../src/shared/commands.js';
import { plural } from '../../src/shared/format.js';
import { sentence, type Text } from '../../src/shared/sentence.js';
import type { Dependencies } from '../../src/step/dependencies.js';

/* What ends a load before a row is read: objects left out, nothing readable, too many rejects. */

/** Throws if a chunk was made without an object, by quarantine, and the source now requires every object. */
export function assertNoneLeftOut(
  { name, onBadObject }: PlannedSource,
  quarantined: readonly QuarantinedObject[],
): void {
  const [first] = quarantined;
  if (!first || onBadObject === 'quarantine') return;
  const more = quarantined.length > 1 ? ` (and ${quarantined.length - 1} more objects)` : '';
  throw final(
    'BadObject',
    `${name}: ${first.object}${more} was quarantined when its chunk was normalized, but onBadObject is 'fail' now: ${first.reason}. ` +
      "Upload it again, or set onBadObject to 'quarantine'.",
    { details: { step: 'load', source: name, object: first.object } },
  );
}

/**
 * Applies `onEmpty` to a folder of which no object could be read. True if the published day is kept as it is; throws if `onEmpty`
 * says so, or if nothing is published that could be kept.
 */
export function keepsPublished(
  { day }: Plan,
  { name, onEmpty }: PlannedSource,
  manifests: readonly ChunkDigest[],
  published: PublishedTable | undefined,
): boolean {
  const own = manifests.filter(({ folder }) => folder === day);
  const objects = own.reduce((sum, manifest) => sum + manifest.objects, 0);
  const [first] = own.flatMap(({ quarantined }) => quarantined);
  const readable = own.some((manifest) => manifest.quarantined.length < manifest.objects);
  if (!first || readable || onEmpty === 'publish') return false;
  if (onEmpty === 'skip' && published) return true;
  throw final(
    'SourceNotReady',
    sentence(
      `${name}: none of the ${objects} objects in folder ${day} could be read, first ${first.object}: ${first.reason}. `,
      `The source's onEmpty is '${onEmpty}', so readers keep what they have. Upload them again, then run: `,
      command.run(day),
      ...[". If the day really is empty (or set onEmpty to 'publish'): ", command.run(day, '--allow-empty')],
    ),
    { details: { step: 'load', source: name, object: first.object } },
  );
}

/** Counts the lines of manifests whose only fault is their day. */
const outsideOf = (manifests: readonly ChunkDigest[]): number =>
  manifests.reduce((sum, { outside }) => sum + outside, 0);

/** Reports lines of folder D that no day takes. */
export function outsideNote({ day }: Plan, source: string, manifests: readonly ChunkDigest[]): Text[] {
  const lines = outsideOf(manifests.filter(({ folder }) => folder === day));
  if (lines === 0) return [];
  const what = `${source}: ${plural(lines, 'event')} in folder ${day} belong${lines === 1 ? 's' : ''} to days that its arrival window does not cover`;
  return [sentence(what, ': rejected, and not counted for maxRejects. List them: ', command.rejects(day, source))];
}

/** Throws if more lines of folder D were rejected than `maxRejects` allows. */
export async function assertFewRejects(
  deps: Dependencies,
  plan: Plan,
  source: PlannedSource,
  manifests: readonly ChunkDigest[],
): Promise<void> {
  const own = manifests.filter(({ folder }) => folder === plan.day);
  const { lines, rejected: all } = sumAccounts(own.map(({ account }) => account));
  const most = mostRejects(source.maxRejects, lines);
  // Events of other days say nothing about how well the lines of this day are written.
  const rejected = all - outsideOf(own);
  if (rejected <= most) return;
  const chunks = own.map(({ chunk, normalizer }) => ({ id: chunk, normalizer }));
  const [first] = await deps.ledger.rejectsOf(source.name, plan.day, chunks, 1);
  throw final(
    'TooManyRejects',
    sentence(
      `${source.name}: ${rejected} of ${lines} lines in folder ${plan.day} were rejected, at most ${most} are allowed. `,
      first ? `The first: ${first.object} line ${first.line}: ${first.reason}. ` : '',
      ...['List them: ', command.rejects(plan.day, source.name)],
    ),
    { details: { step: 'load', source: source.name, object: first?.object } },
  );
}
