import type { PlannedSource } from '../src/core/messages.js';
import { final, isFinal, messageOf } from '../src/errors.js';
import type { Input } from '../src/statements/input.js';
import type { EngineBucket } from '../src/statements/objects.js';
import type { FileColumn } from '../src/statements/parquet-values.js';
import { countLines, readLines } from '../src/statements/read-lines.js';
import {
  describeParquet,
  readFooters,
  readParquet,
  type ParquetFooter,
  type ParquetShape,
} from '../src/statements/read-parquet.js';
import { engineBucket, type Dependencies } from './dependencies.js';
import type { Step } from './step.js';

/** The raw side of a chunk: how its lines are read, and how many each object has, counted apart from the reading. */
export interface RawInput {
  input: Input;
  countLines: () => Promise<{ object: string; lines: string }[]>;
}

/**
 * Prepares the reading of raw objects in the source's format. Throws `BadObject`, naming the object, where one is no Parquet or
 * can never fit the contract.
 */
export async function openInput(
  deps: Dependencies,
  source: PlannedSource,
  keys: readonly string[],
  what: string,
  step: Step,
): Promise<RawInput> {
  const raw = await engineBucket(deps, source.bucket);
  if (source.format === 'ndjson')
    return {
      input: readLines(raw, source.bucket, keys, source.contract),
      countLines: () => deps.clickhouse.rows(countLines(raw, source.bucket, keys), step.statement(what)),
    };
  const ask = <Row>(statement: Parameters<typeof deps.clickhouse.rows>[0]) =>
    deps.clickhouse.rows<Row>(statement, step.statement(what));
  const footers = await readAllFooters(ask, raw, source.bucket, keys);
  const shapes: ParquetShape[] = [];
  for (const alike of groupsOf(footers)) shapes.push(await shapeOf(ask, raw, alike));
  return {
    input: readParquet(raw, source.bucket, shapes, source.contract),
    countLines: () => Promise.resolve(footers),
  };
}

type Ask = <Row>(statement: Parameters<Dependencies['clickhouse']['rows']>[0]) => Promise<Row[]>;

/** The engine doesn't say which footer it could not read: when one fails, each is tried alone. */
async function readAllFooters(
  ask: Ask,
  raw: EngineBucket,
  bucket: string,
  keys: readonly string[],
): Promise<ParquetFooter[]> {
  try {
    return await ask<ParquetFooter>(readFooters(raw, bucket, keys));
  } catch (thrown) {
    if (!isBadFooter(thrown)) throw thrown;
    for (const object of keys)
      await ask(readFooters(raw, bucket, [object])).catch((alone: unknown) => {
        if (!isBadFooter(alone)) throw alone;
        throw final(
          'BadObject',
          `${object} can't be read as Parquet: ${messageOf(alone).replace(/^.*?(?=ClickHouse says)/s, '')} Have it written anew, or take it out of the folder.`,
          { details: { step: 'normalize', object }, cause: alone },
        );
      });
    throw thrown;
  }
}

/** How the engine's footer reader complains of bytes; of a network it speaks otherwise. */
const isBadFooter = (thrown: unknown) =>
  (isFinal(thrown) && thrown.type === 'BadObject') ||
  /STD_EXCEPTION.*(parquet|thrift|metadata)/is.test(messageOf(thrown));

/** Objects with equal leaves have equal columns, and are read in one go. */
function groupsOf(footers: readonly ParquetFooter[]): ParquetFooter[][] {
  const groups = new Map<string, ParquetFooter[]>();
  for (const footer of footers) {
    const shape = JSON.stringify(footer.leaves);
    groups.set(shape, [...(groups.get(shape) ?? []), footer]);
  }
  return [...groups.values()];
}

const KINDS: readonly (readonly [logicalType: RegExp, kind: FileColumn['kind']])[] = [
  [/^Null$/, 'null'],
  [/^Time\(/, 'time'],
];

async function shapeOf(ask: Ask, raw: EngineBucket, alike: readonly ParquetFooter[]): Promise<ParquetShape> {
  const [first] = alike;
  if (!first) throw new RangeError('a group of Parquet objects is empty');
  const types = new Map(first.leaves.map(([path, type]) => [path, type]));
  const described = await ask<{ name: string; type: string }>(describeParquet(raw, first.object));
  return {
    keys: alike.map(({ object }) => object),
    columns: described.map(({ name, type }) => ({
      name,
      type,
      kind: KINDS.find(([logical]) => logical.test(types.get(name) ?? ''))?.[1] ?? 'value',
    })),
  };
}
