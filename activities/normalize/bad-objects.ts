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
 * Finds the objects that cannot be read to their end. Each is read alone, because ClickHouse does not always say which one broke
 * a statement. Throws retryable errors: a broken connection says nothing about an object.
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
 * Finds compressed objects that end inside a frame, which ClickHouse reads without an error. Their compressed bytes are streamed
 * through this process, because no statement can follow the frame headers.
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

/** Finds objects that are not JSON lines at all, among those with at most one line that is a JSON object. */
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

/** Creates the error of a source that allows no bad objects. */
export function badObjects(source: string, bad: readonly QuarantinedObject[]): Error {
  const [first] = bad;
  const more = bad.slice(1, NAMED).map(({ object }) => object);
  const others =
    bad.length > 1
      ? ` ${bad.length - 1} more are bad: ${[...more, ...(bad.length > NAMED ? ['…'] : [])].join(', ')}.`
      : '';
  return final(
    'BadObject',
    `${source}: ${first?.object ?? ''}: ${first?.reason ?? ''}.${others} Upload it again, or remove it from the folder; ` +
      "to publish the day without it, set onBadObject to 'quarantine'.",
    { details: { step: 'normalize', source, object: first?.object, objects: bad.length } },
  );
}

/** Returns what is wrong with the object, without the parts that the caller's message repeats. */
const reasonOf = (thrown: Error, key: string): string =>
  messageOf(thrown)
    .replace(/^.*?(?=ClickHouse says)/s, '')
    .replace(`${key}: `, '')
    .replace(/[.\s]+$/, '');

/** Checks each object alone, a few at a time. @returns the bad ones. */
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
