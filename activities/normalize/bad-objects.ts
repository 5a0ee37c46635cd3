import { exceedsItsMemory, failedAtItsInput, isArchived } from '../../src/clickhouse/errors.js';
import { ask } from '../../src/clickhouse/question.js';
import { filledColumns } from '../../src/conversions/chunk-columns.js';
import { final, isFinal, messageOf } from '../../src/errors.js';
import { frugalLimitsOf, limitsOf } from '../../src/plan/limits.js';
import { plannedColumns, type PlannedSource } from '../../src/plan/plan.js';
import { openInput } from '../../src/plan/raw-input.js';
import type { QuarantinedObject } from '../../src/shared/accounts.js';
import { clipped, plural, sizeText } from '../../src/shared/format.js';
import { grouped } from '../../src/shared/grouped.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import { engineBucket } from '../../src/step/engine-bucket.js';
import type { Step } from '../../src/step/step.js';
import type { StoredObject } from '../../src/store/object.js';
import { findGlued, readBeginnings, readStored, readThrough } from './bad-object-statements.js';
import type { Work } from './chunk.js';
import { frameKind, walkFrames } from './frames.js';
import { mistakenFor } from './sniff.js';

const ARCHIVED = 'it is archived (a storage class such as Glacier) and cannot be read: restore it in the store first';

/** Objects read at once when each is read alone. */
const AT_ONCE = 4;

/**
 * Which of the objects can't be read to their end, or hold another number of rows than they say. Each is read alone, because
 * the engine does not always say which one broke a statement, and by no list of codes, because every library that it reads with
 * has its own: whatever fails, where the engine and the store work, is the object's fault. Throws what a retry may fix.
 *
 * @param frugal memory is short: one object after the other, each with as little as the engine can
 */
export async function unreadableObjects(
  deps: Dependencies,
  { plan, source }: Pick<Work, 'plan' | 'source'>,
  objects: readonly StoredObject[],
  step: Step,
  frugal = false,
): Promise<QuarantinedObject[]> {
  const limits = frugal ? frugalLimitsOf(plan) : limitsOf(plan);
  const read = async (object: StoredObject) => {
    const { key } = object;
    const what = `read ${key}`;
    try {
      const { input, lines } = await openInput(deps, { plan, source }, [key], what, step);
      const [found] = await deps.clickhouse.rows<{ lines: string }>(
        readThrough(input, source.contract, limits),
        step.statement(what),
      );
      const [counted] = await ask(deps.clickhouse, lines, step.statement(what));
      return (counted?.lines ?? 0) === Number(found?.lines ?? 0)
        ? undefined
        : `it declares ${counted?.lines ?? 0} rows, but ${found?.lines ?? 0} were read`;
    } catch (thrown) {
      if (isArchived(thrown)) return ARCHIVED;
      if (!mayBeOfAnObject(thrown, source)) throw thrown;
      await assertStored(deps, source, object, limits, step);
      return exceedsItsMemory(thrown)
        ? `reading it alone needs more than limits.memory (${sizeText(plan.limits.memory)}), as one line or one row of that size does`
        : badObjectReason(thrown, key);
    }
  };
  return await eachAlone(objects, step, read, frugal ? 1 : AT_ONCE);
}

/**
 * False of a failure that says nothing about the objects that were read: a service was in trouble, or the engine refuses the
 * statement itself, which only depends on an object where its columns do.
 */
export const mayBeOfAnObject = (thrown: unknown, { format }: Pick<PlannedSource, 'format'>): boolean => {
  if (isFinal(thrown) && thrown.type === 'BadObject') return true;
  if (isFinal(thrown) && thrown.type === 'BadSql' && format === 'ndjson') return false;
  return failedAtItsInput(thrown);
};

/** Throws where the engine can't get the object's bytes, as they were listed, from the store at this moment. */
async function assertStored(
  deps: Dependencies,
  { name, bucket }: PlannedSource,
  { key, etag }: StoredObject,
  limits: Record<string, number>,
  step: Step,
): Promise<void> {
  const listed = (await deps.store.list(bucket, key, step.signal)).find((object) => object.key === key);
  if (listed?.etag !== etag) throw changedWhileRead(name, key, listed !== undefined);
  const statement = readStored(await engineBucket(deps, bucket), key, limits);
  await deps.clickhouse.rows(statement, step.statement(`read the bytes of ${key}`)).catch((thrown: unknown) => {
    // Binary data without a newline is one line.
    if (!exceedsItsMemory(thrown)) throw thrown;
  });
}

/** The failure of an object that is no longer as it was listed. */
export const changedWhileRead = (source: string, key: string, rewritten: boolean): Error =>
  final(
    rewritten ? 'ObjectChanged' : 'ObjectVanished',
    `${source}: ${key} was ${rewritten ? 'rewritten' : 'deleted'} while it was read. Nothing was recorded; run the day again and it is listed again.`,
    { details: { step: 'normalize', object: key } },
  );

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
    try {
      for await (const bytes of store.stream(source.bucket, object, step.signal)) walk.push(bytes);
    } catch (thrown) {
      if (isArchived(thrown)) return ARCHIVED;
      throw thrown;
    }
    return walk.end();
  });

/** An object of which at most one line became something. */
export interface Suspect {
  key: string;
  /** Lines that became a row or were skipped. */
  good: number;
}

/** Which of the objects are something else than lines of one event each. */
export async function mistakenObjects(
  deps: Dependencies,
  { plan, source }: Pick<Work, 'plan' | 'source'>,
  suspects: readonly Suspect[],
  step: Step,
): Promise<QuarantinedObject[]> {
  if (source.format !== 'ndjson' || suspects.length === 0) return [];
  type Row = {
    object: string;
    objects: string;
    first: [hex: string, json: number | boolean, list: [key: string, length: string]];
  };
  const keys = suspects.map(({ key }) => key);
  const found = await deps.clickhouse.rows<Row>(
    readBeginnings(await engineBucket(deps, source.bucket), keys, source.contract, limitsOf(plan)),
    step.statement(`look at ${keys.length} objects of ${source.name}`),
  );
  return found.flatMap(({ object, objects, first: [hex, json, [list, length]] }) => {
    const reason = mistakenFor({
      key: object,
      good: suspects.find(({ key }) => key === object)?.good ?? 0,
      objects: Number(objects),
      bytes: Buffer.from(hex, 'hex'),
      json: Boolean(json),
      list: [list, Number(length)],
    });
    return reason === undefined ? [] : [{ object, reason }];
  });
}

/** Which objects have lines of several JSON values: of such a line all values but one would be lost in a reject. */
export async function gluedObjects(
  deps: Dependencies,
  { plan, source }: Pick<Work, 'plan' | 'source'>,
  parquet: string,
  step: Step,
): Promise<QuarantinedObject[]> {
  if (source.format !== 'ndjson') return [];
  const { bucket } = plan.normalized;
  const found = await deps.clickhouse.rows<{ object: string; list: number; lines: string; line: string }>(
    findGlued(
      await engineBucket(deps, bucket),
      parquet,
      filledColumns(plannedColumns(plan, source.name), source.selected),
    ),
    step.statement(`look for glued lines of ${source.name}`),
  );
  return found.map(({ object, list, lines, line }) => ({
    object,
    reason:
      `holds several JSON values on one line, in ${plural(Number(lines), 'line')}, first in line ${line}: ` +
      (list === 1
        ? 'they are in a list, expected one event on each line'
        : 'a line break is missing between them, as where files without a last one were joined'),
  }));
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

/** Longest reason, in characters: the engine may repeat a whole coordinate system, and manifests keep it for each object. */
const REASON = 400;

/** What is wrong with the object, without what the one who reads it knows already. */
const badObjectReason = (thrown: unknown, key: string): string =>
  clipped(
    messageOf(thrown)
      .replace(/^.*?(?=ClickHouse says)/s, '')
      .replace(`${key}: `, '')
      .replace(/[.\s]+$/, ''),
    REASON,
  );

/** Checks each object alone, a few at a time. @returns the bad ones. */
async function eachAlone(
  objects: readonly StoredObject[],
  step: Step,
  ask: (object: StoredObject) => Promise<string | undefined>,
  atOnce = AT_ONCE,
): Promise<QuarantinedObject[]> {
  const bad: QuarantinedObject[] = [];
  for (const group of grouped(objects, atOnce)) {
    step.signal.throwIfAborted();
    const reasons = await Promise.all(group.map(ask));
    for (const [index, reason] of reasons.entries())
      if (reason !== undefined) bad.push({ object: group[index]?.key ?? '', reason });
  }
  return bad;
}
