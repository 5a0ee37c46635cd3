import { randomUUID } from 'node:crypto';
import { isPattern, type EngineBucket } from '../clickhouse/object-table.js';
import { fileColumn } from '../conversions/parquet-values.js';
import { final, isFinal, messageOf } from '../errors.js';
import type { Input } from '../raw/input.js';
import { countLines, readLines } from '../raw/lines.js';
import {
  describeParquet,
  readFooters,
  readParquet,
  sizesUnknown,
  type ParquetFooter,
  type ParquetShape,
} from '../raw/parquet.js';
import { grouped } from '../shared/grouped.js';
import { describedKey } from '../shared/names.js';
import type { Dependencies } from '../step/dependencies.js';
import { engineBucket } from '../step/engine-bucket.js';
import type { Step } from '../step/step.js';
import type { Plan, PlannedSource } from './plan.js';

/** The raw side of a chunk: how its lines are read, and how many each object has, counted apart from the reading. */
export interface RawInput {
  input: Input;
  countLines: () => Promise<{ object: string; lines: string }[]>;
}

/** A source, and what of its plan the reading needs: where Daybook's own objects lie. */
export interface InputOf {
  plan: Pick<Plan, 'project' | 'normalized'>;
  source: PlannedSource;
}

type World = Pick<Dependencies, 'clickhouse' | 'store'>;

/** Objects that are asked for their columns at once. */
const AT_ONCE = 4;

/**
 * Prepares the reading of raw objects in the source's format. Throws `BadObject`, naming the object, where one is no Parquet or
 * can never fit the contract.
 */
export async function openInput(
  deps: World,
  { plan, source }: InputOf,
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
  const copy = async () => {
    const { bucket, prefix } = plan.normalized;
    const key = describedKey(prefix, plan.project, source.name, `${step.attempt}-${randomUUID()}`);
    return { bucket: await engineBucket(deps, bucket), key };
  };
  for (const groups of grouped(groupsOf(footers), AT_ONCE))
    shapes.push(...(await Promise.all(groups.map((alike) => shapeOf(deps.store, ask, raw, alike, copy)))));
  return {
    input: readParquet(raw, source.bucket, joined(shapes), source.contract),
    countLines: () => Promise.resolve(footers),
  };
}

type Ask = <Row>(statement: Parameters<Dependencies['clickhouse']['rows']>[0]) => Promise<Row[]>;

async function readAllFooters(
  ask: Ask,
  raw: EngineBucket,
  bucket: string,
  keys: readonly string[],
): Promise<ParquetFooter[]> {
  try {
    return await ask<ParquetFooter>(readFooters(raw, bucket, keys));
  } catch (thrown) {
    throw isBadFooter(thrown) ? final('BadObject', messageOf(thrown), { cause: thrown }) : thrown;
  }
}

/** How the engine's footer reader complains of bytes; of a network it speaks otherwise. */
const isBadFooter = (thrown: unknown) =>
  (isFinal(thrown) && thrown.type === 'BadObject') ||
  /STD_EXCEPTION.*(parquet|thrift|metadata)/is.test(messageOf(thrown));

/** Objects with equal leaves have equal columns, as far as leaves tell; where they do not, each is asked for itself. */
const groupsOf = (footers: readonly ParquetFooter[]): ParquetFooter[][] =>
  alikeIn(footers, (footer) => JSON.stringify([footer.leaves, sizesUnknown(footer) ? footer.object : '']));

/** Objects with equal columns are read in one go. */
const joined = (shapes: readonly ParquetShape[]): ParquetShape[] =>
  alikeIn(shapes, ({ columns }) => JSON.stringify(columns)).map((alike) => ({
    keys: alike.flatMap(({ keys }) => keys),
    columns: alike[0]?.columns ?? [],
  }));

function alikeIn<Item>(items: readonly Item[], by: (item: Item) => string): Item[][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = by(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return [...groups.values()];
}

async function shapeOf(
  store: Dependencies['store'],
  ask: Ask,
  raw: EngineBucket,
  alike: readonly ParquetFooter[],
  copy: () => Promise<{ bucket: EngineBucket; key: string }>,
): Promise<ParquetShape> {
  const first = alike.find(({ object }) => !isPattern(object)) ?? alike[0];
  if (!first) throw new RangeError('a group of Parquet objects is empty');
  const leaves = first.leaves.map(([path, logical, physical]) => ({ path, logical, physical }));
  const described = await describe(store, ask, raw, first.object, copy);
  return {
    keys: alike.map(({ object }) => object),
    columns: described.map(({ name, type }) =>
      fileColumn(
        name,
        type,
        leaves.filter(({ path }) => path === name || path.startsWith(`${name}.`)),
      ),
    ),
  };
}

/** Asked about a key that is a pattern, the engine would look at whatever it matches: such an object is copied for the question. */
async function describe(
  store: Dependencies['store'],
  ask: Ask,
  raw: EngineBucket,
  object: string,
  copy: () => Promise<{ bucket: EngineBucket; key: string }>,
): Promise<{ name: string; type: string }[]> {
  if (!isPattern(object)) return await ask(describeParquet(raw, object));
  const { bucket, key } = await copy();
  await store.copy({ bucket: raw.name, key: object }, { bucket: bucket.name, key });
  try {
    return await ask(describeParquet(bucket, key));
  } finally {
    await store.remove(bucket.name, [key]);
  }
}
