import { catchUp } from '../clickhouse/cluster/catch-up.js';
import { everyNode, onNode } from '../clickhouse/cluster/cluster.js';
import { tablesLike } from '../clickhouse/tables.js';
import { LEDGER } from '../ledger/ledger.js';
import type { PublishRecord } from '../ledger/records.js';
import { command } from '../shared/commands.js';
import { daysBetween } from '../shared/day.js';
import { numberText, plural } from '../shared/format.js';
import { tableDay } from '../shared/names.js';
import { sentence, type Text } from '../shared/sentence.js';
import type { Dependencies } from '../step/dependencies.js';
import type { Answer, Step } from '../step/step.js';
import { measureDays } from './statements.js';
import { columnNames } from './swaps.js';

export interface VerifyInput {
  first: string;
  last: string;
}

export interface VerifyResult {
  days: number;
  /** Tables' days that were compared with the ledger. */
  tables: number;
  /** The first {@link DIFFERENCES_SHOWN} of them, by day. */
  differences: Difference[];
  /** How many there are in all. */
  found: number;
  /** Nodes of a cluster that did not answer, and were not compared. */
  unreachable?: string[];
  ms: number;
}

const DIFFERENCES_SHOWN = 50;

/** A table's day that differs from what was published. */
export interface Difference {
  /** `rows`: other rows than were published. `unknown`: rows that were never published. `open`: an unfinished publish. */
  kind: 'rows' | 'unknown' | 'open';
  table: string;
  day: string;
  /** Rows in the live table, and rows by the ledger. */
  found: number;
  expected: number;
  /** What was found, what was expected, and the command that fixes it. */
  what: Text;
}

/**
 * Compares the live tables with the ledger: rows and hash of every published table's day, and days that were never published. Changes
 * nothing. Differences are checked a second time, since a publish may end in between. On a cluster, each node that answers is compared
 * once it has caught up, and a difference names its node.
 */
export async function verify(deps: Dependencies, input: VerifyInput, step: Step): Answer<VerifyResult> {
  const { database } = (await deps.loadProject()).config;
  const results: Omit<VerifyResult, 'ms'>[] = [];
  const nodes = await everyNode(deps.clickhouse);
  const unreachable = [...(deps.clickhouse.cluster?.nodes ?? [])].flatMap(([name, node]) =>
    nodes.includes(node) ? [] : [name],
  );
  for (const node of nodes) {
    await catchUp(node, [LEDGER, database]);
    results.push(await verifyNode(deps.on?.(node) ?? deps, input, step));
  }
  const [one] = results;
  if (!one) throw new Error('No ClickHouse node answers; the comparison is retried.');
  return {
    ...one,
    tables: Math.max(...results.map(({ tables }) => tables)),
    differences: results.flatMap(({ differences }) => differences).slice(0, DIFFERENCES_SHOWN),
    found: results.reduce((sum, { found }) => sum + found, 0),
    ...(unreachable.length > 0 ? { unreachable } : {}),
  };
}

/** Compares the live tables of one node. */
async function verifyNode(deps: Dependencies, { first, last }: VerifyInput, step: Step): Answer<VerifyResult> {
  const { tables, differences: seen } = await readStates(deps, first, last, step);
  const days = seen.map(({ day }) => day).sort();
  const again =
    seen.length > 0 ? await readStates(deps, days[0] ?? first, days.at(-1) ?? last, step) : { differences: [] };
  const before = new Set(seen.map(differenceKey));
  const differences = again.differences
    .filter((one) => before.has(differenceKey(one)))
    .sort((a, b) => (differenceKey(a) < differenceKey(b) ? -1 : 1));
  return {
    days: daysBetween(first, last).length,
    tables,
    differences: differences.slice(0, DIFFERENCES_SHOWN),
    found: differences.length,
  };
}

const differenceKey = ({ kind, table, day }: Difference) => `${day} ${table} ${kind}`;

async function readStates(deps: Dependencies, first: string, last: string, step: Step) {
  const { config, normalized, aggregates } = await deps.loadProject();
  const { database } = config;
  const [records, open, holds, found] = await Promise.all([
    deps.ledger.currentPublishes(first, last),
    deps.ledger.openIntents(first, last),
    deps.ledger.holds(first, last),
    deps.clickhouse.rows<{ name: string }>(tablesLike(database)),
  ]);
  const held = new Set(holds.map(({ day }) => day));
  const existing = new Set(found.map(({ name }) => name));
  const own = new Set([...normalized, ...aggregates].map(({ name }) => name));
  const differences: Difference[] = [];
  const add = (kind: Difference['kind'], table: string, day: string, found: number, expected: number, more = '') => {
    const of = { kind, table, day, found, expected };
    differences.push({
      ...of,
      what: differs({
        ...{ ...of, database, more, held: held.has(day), own: own.has(table), exists: existing.has(table) },
        node: onNode(deps.clickhouse),
      }),
    });
  };
  for (const { table, day, rows } of open) add('open', table, day, 0, rows);
  const unsettled = new Set(open.map(({ table, day }) => tableDay(table, day)));

  // A table that is neither in the project nor in the database was removed on purpose.
  const names = new Set([...own, ...records.map(({ table }) => table).filter((table) => existing.has(table))]);
  for (const table of names) {
    step.report(`verify ${table}`);
    const published = new Map(records.filter((one) => one.table === table).map((one) => [one.day, one]));
    const live = { database, table };
    const has = new Set(existing.has(table) ? await columnNames(deps, live) : []);
    for (const { columns, days } of byColumns([...published.values()])) {
      const missing = columns.filter((column) => !has.has(column));
      const rows = missing.length > 0 ? new Map<string, Found>() : await measure(columns);
      for (const day of days) {
        const record = published.get(day);
        if (!record || unsettled.has(tableDay(table, day))) continue;
        const found = rows.get(day) ?? { rows: 0, hash: '0' };
        if (missing.length > 0) add('rows', table, day, 0, record.rows, `has no ${missing.join(', ')}`);
        else if (found.rows !== record.rows || found.hash !== record.hash)
          add('rows', table, day, found.rows, record.rows);
      }
    }
    if (existing.has(table))
      for (const [day, found] of await measure([]))
        if (!published.has(day) && !unsettled.has(tableDay(table, day))) add('unknown', table, day, found.rows, 0);

    async function measure(columns: readonly string[]): Promise<Map<string, Found>> {
      const found = await deps.clickhouse.rows<{ day: string; rows: string; hash: string | number }>(
        measureDays(live, first, last, columns),
        step.statement(`verify ${table}`),
      );
      return new Map(found.map(({ day, rows, hash }) => [day, { rows: Number(rows), hash: String(hash) }]));
    }
  }
  return { tables: records.length, differences };
}

interface Found {
  rows: number;
  hash: string;
}

/** Groups days whose hashes cover the same columns, to measure each group with one statement. */
function byColumns(records: readonly PublishRecord[]): { columns: string[]; days: Set<string> }[] {
  const groups = new Map<string, { columns: string[]; days: Set<string> }>();
  for (const { columns, day } of records) {
    const group = groups.get(columns.join()) ?? { columns, days: new Set() };
    groups.set(columns.join(), group);
    group.days.add(day);
  }
  return [...groups.values()];
}

/** Writes how a table's day differs from what was published: found, expected, and the command that fixes it. */
export function differs(of: {
  kind: Difference['kind'];
  database: string;
  table: string;
  day: string;
  found: number;
  expected: number;
  /** What makes the rows incomparable; '' if nothing does. */
  more: string;
  held: boolean;
  /** The table belongs to the project, so a run would build it. */
  own: boolean;
  /** The table is there. */
  exists: boolean;
  /** ` on <node>` of a cluster; by default a single server. */
  node?: string;
}): Text {
  const { kind, day, table, found, expected, more, held, node = '' } = of;
  const name = `${of.database}.${table}`;
  const where = `${name} of ${day}${node}`;
  if (kind === 'open') return sentence(`${where}: its publish is unfinished. Recover it: `, command.run(day));
  const again = command.run(day, '--force');
  if (kind === 'unknown')
    return sentence(
      `${where}: found ${plural(found, 'row')}, expected none, since none were published. `,
      ...(held || !of.own
        ? [`To remove them: ALTER TABLE ${name} DROP PARTITION '${day}'`]
        : ['Build the day, which replaces them: ', again]),
    );
  if (!of.exists)
    return sentence(
      `${where}: the table does not exist, expected ${numberText(expected)} as published. Create it: `,
      ...[command.apply(), ' and then publish the day again: ', again],
    );
  const rows = `found ${plural(found, 'row')}${found === expected ? ' with other values' : ''}, expected ${numberText(expected)}`;
  return sentence(
    `${where}: ${more === '' ? `${rows} as published` : `it ${more}, which was published`}. Something else wrote to it. `,
    ...['Publish the day again: ', again, held ? ' (which releases the held day)' : ''],
  );
}
