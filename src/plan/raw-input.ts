import { randomUUID } from 'node:crypto';
import type { Column } from '../clickhouse/column.js';
import { isPattern, type EngineBucket } from '../clickhouse/object-table.js';
import { derived, type Question } from '../clickhouse/question.js';
import type { Statement } from '../clickhouse/statement.js';
import { fileColumn } from '../conversions/parquet-values.js';
import { final } from '../errors.js';
import type { Input } from '../raw/input.js';
import { countLines, readEtags, readLines, type LineCount } from '../raw/lines.js';
import {
  describeParquet,
  readFooters,
  readParquet,
  sizesUnknown,
  type ParquetFooter,
  type ParquetShape,
} from '../raw/parquet.js';
import { clipped } from '../shared/format.js';
import { grouped } from '../shared/grouped.js';
import { describedKey } from '../shared/names.js';
import type { Dependencies } from '../step/dependencies.js';
import { engineBucket } from '../step/engine-bucket.js';
import type { Step } from '../step/step.js';
import type { StoredObject } from '../store/object.js';
import { limitsOf } from './limits.js';
import type { Plan, PlannedSource } from './plan.js';

/** The raw side of a chunk: how its lines are read, and an independent count of the lines of each object. */
export interface RawInput {
  input: Input;
  /** To be asked once the lines were read: an object that was rewritten meanwhile shows by its ETag. */
  lines: Question<LineCount[]>;
}

/** A source, and where Daybook's own objects are written. */
export interface InputOf {
  plan: Pick<Plan, 'project' | 'normalized'> & Partial<Pick<Plan, 'limits'>>;
  source: PlannedSource;
}

type Gateways = Pick<Dependencies, 'clickhouse' | 'store'>;

/** Objects whose columns are read at once. */
const AT_ONCE = 4;

/**
 * Prepares the reading of raw objects in the source's format. Throws `BadObject`, naming the object, where one can never fit the
 * contract.
 *
 * @param listed the objects of the keys: reading JSON lines fails if one has another ETag; Parquet is compared by `lines`
 */
export async function openInput(
  deps: Gateways,
  { plan, source }: InputOf,
  keys: readonly string[],
  what: string,
  step: Step,
  listed?: readonly StoredObject[],
): Promise<RawInput> {
  const raw = await engineBucket(deps, source.bucket);
  const limits = plan.limits === undefined ? {} : limitsOf({ limits: plan.limits });
  const ask = <Row>(statement: Statement) =>
    deps.clickhouse.rows<Row>({ ...statement, settings: { ...statement.settings, ...limits } }, step.statement(what));
  if (source.format === 'ndjson')
    return {
      input: readLines(raw, source.bucket, keys, source.contract, plan.limits?.longestLine, listed),
      lines: countLines(raw, source.bucket, keys),
    };
  const footers = await ask<ParquetFooter>(readFooters(raw, source.bucket, keys));
  const shapes: ParquetShape[] = [];
  const copy = async () => {
    const { bucket, prefix } = plan.normalized;
    const key = describedKey(prefix, plan.project, source.name, `${step.attempt}-${randomUUID()}`);
    return { bucket: await engineBucket(deps, bucket), key };
  };
  for (const groups of grouped(groupsOf(footers), AT_ONCE)) {
    const found = await Promise.all(groups.map((alike) => shapeOf(deps.store, ask, raw, alike, copy)));
    for (const [index, shape] of found.entries()) assertReadable(source.contract, shape, groups[index]?.[0]);
    shapes.push(...found);
  }
  return {
    input: readParquet(raw, source.bucket, joined(shapes), source.contract),
    lines: footerLines(footers, readEtags(raw, source.bucket, keys)),
  };
}

/** The line counts of the footers, with the ETags of the objects after they were read. */
const footerLines = (footers: readonly ParquetFooter[], etags: Question<Map<string, string>>): Question<LineCount[]> =>
  derived(etags, (found) =>
    footers.map(({ object, lines }) => ({ object, lines: Number(lines), etag: found.get(object) ?? '' })),
  );

type Ask = <Row>(statement: Statement) => Promise<Row[]>;

/** Groups objects by their leaves: equal leaves mean equal columns, except where sizes are unknown. */
const groupsOf = (footers: readonly ParquetFooter[]): ParquetFooter[][] =>
  alikeIn(footers, (footer) => JSON.stringify([footer.leaves, sizesUnknown(footer) ? footer.object : '']));

/** Joins objects with equal columns, to read them together. */
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
  const described = await describeObject(store, ask, raw, first.object, copy);
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

/** Throws where an object has a column of the contract whose type the engine can't read: its rows would lack it in silence. */
function assertReadable(contract: readonly Column[], { columns }: ParquetShape, footer?: ParquetFooter): void {
  for (const { name } of contract) {
    const leaf = columns.some((column) => column.name === name)
      ? undefined
      : footer?.leaves.find(([path]) => path === name || path.startsWith(`${name}.`));
    if (!footer || !leaf) continue;
    const type = clipped(leaf[1] === 'None' ? leaf[2] : leaf[1], TYPE_SHOWN);
    throw final(
      'BadObject',
      `${footer.object}: column ${name} has a type that ClickHouse can't read (${type}). Write it as another type, or take it out of the contract.`,
      { details: { step: 'normalize', object: footer.object } },
    );
  }
}

/** Characters of a type in a failure: a geometry's repeats its coordinate system. */
const TYPE_SHOWN = 100;

/** Describes an object's columns. ClickHouse would expand a key with pattern characters, so such an object is copied first. */
async function describeObject(
  store: Dependencies['store'],
  ask: Ask,
  raw: EngineBucket,
  object: string,
  copy: () => Promise<{ bucket: EngineBucket; key: string }>,
): Promise<{ name: string; type: string }[]> {
  if (!isPattern(object)) return await ask(describeParquet(raw, object));
  const { bucket, key } = await copy();
  await store.copy({ bucket: raw.name, key: object }, { bucket: bucket.name, key });
  const described = await ask<{ name: string; type: string }>(describeParquet(bucket, key)).catch(
    async (error: unknown) => {
      // What the engine says of the object matters more than a copy that is left.
      await store.remove(bucket.name, [key]).catch(() => undefined);
      throw error;
    },
  );
  await store.remove(bucket.name, [key]);
  return described;
}
