import { final, isFinal, messageOf } from '../../src/errors.js';
import type { PlannedSource } from '../../src/plan/plan.js';
import { openInput, type InputOf } from '../../src/plan/raw-input.js';
import type { QuarantinedObject } from '../../src/shared/accounts.js';
import { grouped } from '../../src/shared/grouped.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import { engineBucket } from '../../src/step/engine-bucket.js';
import type { Step } from '../../src/step/step.js';
import type { StoredObject } from '../../src/store/object.js';
import { readBeginnings, readThrough } from './bad-object-statements.js';
import { frameKind, walkFrames } from './frames.js';
import { mistakenFor } from './sniff.js';

/** Objects read at once when each is read alone. */
const AT_ONCE = 4;

/**
 * Which of the objects can't be read to their end: each is read alone, because the engine does not always say which one broke
 * a statement. Throws whatever a retry may mend: a broken connection says nothing of an object.
 */
export const unreadableObjects = (
  deps: Dependencies,
  of: InputOf,
  objects: readonly StoredObject[],
  step: Step,
): Promise<QuarantinedObject[]> =>
  eachAlone(objects, step, async ({ key }) => {
    try {
      const { input } = await openInput(deps, of, [key], `read ${key}`, step);
      await deps.clickhouse.rows(readThrough(input), step.statement(`read ${key}`));
      return undefined;
    } catch (thrown) {
      if (isFinal(thrown) && thrown.type === 'BadObject') return reasonOf(thrown, key);
      throw thrown;
    }
  });

/**
 * Which compressed objects end inside of a frame, which the engine reads without a word. Their compressed bytes come through
 * this process, a piece at a time, because no statement can follow one frame's header to the next.
 */
export const cutObjects = (
  { store }: Dependencies,
  source: PlannedSource,
  objects: readonly StoredObject[],
  step: Step,
): Promise<QuarantinedObject[]> =>
  eachAlone(objects, step, async (object) => {
    const kind = source.format === 'ndjson' ? frameKind(object.key) : undefined;
    if (kind === undefined) return undefined;
    const walk = walkFrames(kind);
    for await (const bytes of store.stream(source.bucket, object, step.signal)) walk.push(bytes);
    return walk.end();
  });

/** Which objects are something else than JSON lines, of those that have next to no line that is a JSON object. */
export async function mistakenObjects(
  deps: Dependencies,
  source: PlannedSource,
  keys: readonly string[],
  step: Step,
): Promise<QuarantinedObject[]> {
  if (source.format !== 'ndjson' || keys.length === 0) return [];
  type Row = { object: string; objects: string; first: [hex: string, json: number | boolean] };
  const found = await deps.clickhouse.rows<Row>(
    readBeginnings(await engineBucket(deps, source.bucket), keys),
    step.statement(`look at ${keys.length} objects of ${source.name}`),
  );
  return found.flatMap(({ object, objects, first: [hex, json] }) => {
    const reason = mistakenFor({ objects: Number(objects), bytes: Buffer.from(hex, 'hex'), json: Boolean(json) });
    return reason === undefined ? [] : [{ object, reason }];
  });
}

/** Objects named in a failure. */
const NAMED = 3;

/** The failure of a source that allows no bad object. */
export function badObjects(source: string, bad: readonly QuarantinedObject[]): Error {
  const [first] = bad;
  const more = bad.slice(1, NAMED).map(({ object }) => object);
  const others =
    bad.length > 1
      ? ` So are ${bad.length - 1} more: ${[...more, ...(bad.length > NAMED ? ['…'] : [])].join(', ')}.`
      : '';
  return final(
    'BadObject',
    `${source}: ${first?.object ?? ''}: ${first?.reason ?? ''}.${others} Have it written anew or take it out of the folder; ` +
      "with onBadObject: 'quarantine' the day is published without it.",
    { details: { step: 'normalize', source, object: first?.object, objects: bad.length } },
  );
}

/** What is wrong with the object, without what the one who reads it knows already. */
const reasonOf = (thrown: Error, key: string): string =>
  messageOf(thrown)
    .replace(/^.*?(?=ClickHouse says)/s, '')
    .replace(`${key}: `, '')
    .replace(/[.\s]+$/, '');

/** Asks of each object what is wrong with it, a few at a time; answers those with which something is. */
async function eachAlone(
  objects: readonly StoredObject[],
  step: Step,
  ask: (object: StoredObject) => Promise<string | undefined>,
): Promise<QuarantinedObject[]> {
  const bad: QuarantinedObject[] = [];
  for (const group of grouped(objects, AT_ONCE)) {
    step.signal.throwIfAborted();
    const reasons = await Promise.all(group.map(ask));
    for (const [index, reason] of reasons.entries())
      if (reason !== undefined) bad.push({ object: group[index]?.key ?? '', reason });
  }
  return bad;
}
