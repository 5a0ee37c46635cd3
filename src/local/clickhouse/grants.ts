import { readFileSync } from 'node:fs';
import { statementsIn } from '../../clickhouse/sql-file.js';

/** Databases that are excluded from a project's rights on its live database. */
const NOT_LIVE = ['system.*', 'information_schema.*', 'INFORMATION_SCHEMA.*', 'daybook.*', 'daybook_*.*'];

/** Maps the scopes in `grants.sql`, which are for one project, to scopes for any project. */
const ANY_PROJECT: Readonly<Record<string, string>> = {
  'analytics.*': '*.*',
  'analytics.raw_*': '*.*',
  'daybook_shop_*.*': 'daybook_*.*',
  'daybook_schema_shop_*.*': 'daybook_schema_*.*',
};

/** Returns the rights of Daybook's user in production, as `docs/production.md` shows them, for the project `shop`. */
export const productionGrants = (): string => readFileSync(new URL('./grants.sql', import.meta.url), 'utf8');

/** Returns the rights that Daybook's user needs in addition on each node of a cluster, in the same form. */
export const clusterGrants = (): string => readFileSync(new URL('./cluster-grants.sql', import.meta.url), 'utf8');

/** Returns the rights that Daybook's user needs in addition in ClickHouse Cloud, in the same form. */
export const cloudGrants = (): string => readFileSync(new URL('./cloud-grants.sql', import.meta.url), 'utf8');

/**
 * Returns {@link productionGrants} for a stack that serves projects of any name: the same rights on each kind of database.
 *
 * Three rights are wider than in production. A project may use the scratch databases of another one, because the stack does not
 * know its projects. Columns may be dropped from any live table, not only from `raw_*`, because a grant can't name tables of any
 * database. All dictionaries may be read, because users defined in a file can't get more grants later.
 */
export function localGrants(sql = productionGrants()): string[] {
  const grants = statementsIn(sql).map((statement) => {
    const [, rights, scope] = /^GRANT (.+) ON (\S+) TO daybook$/.exec(statement) ?? [];
    if (rights === undefined || scope === undefined) throw new Error(`Not a grant to daybook: ${statement}`);
    return { rights, scope };
  });
  const isLive = ({ scope }: { scope: string }) => ANY_PROJECT[scope] === '*.*';
  const live = grants.filter(isLive);
  const others = grants.filter((grant) => !isLive(grant));
  // A later statement wins, so grants on all databases come first.
  return [
    ...live.map(({ rights }) => `GRANT ${rights} ON *.*`),
    ...live.flatMap(({ rights }) => NOT_LIVE.map((scope) => `REVOKE ${rights} ON ${scope}`)),
    ...others.map(({ rights, scope }) => `GRANT ${rights} ON ${ANY_PROJECT[scope] ?? scope}`),
    'GRANT dictGet ON *.*',
  ];
}

/** The rights of a reader: SELECT on every database except ClickHouse's own, the ledger and the scratch databases. */
export const READER_GRANTS: readonly string[] = [
  'GRANT SELECT ON *.*',
  ...['system.*', 'daybook.*', 'daybook_*.*'].map((scope) => `REVOKE SELECT ON ${scope}`),
];
