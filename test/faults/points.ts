import type { Asked } from '../support/fault-proxy.js';
import { sqlOf } from '../support/sql-of.js';
import type { Point, RequestName, StatementName } from './plan.js';

const STAGE = '`daybook_[a-z0-9]+_\\d{8}_\\d+`';

const STATEMENT: Record<StatementName, RegExp> = {
  'planned record': /INSERT INTO daybook\.builds .*"event":"planned"/s,
  normalize: /INSERT INTO FUNCTION s3/,
  'count of fates': /toString\(_fate\)\) AS fate/,
  'rejects record': /INSERT INTO daybook\.rejected_rows/,
  'chunk account': /INSERT INTO daybook\.accounts .*"account":"folder"/s,
  'chunk record': /INSERT INTO daybook\.chunks/,
  load: new RegExp(`INSERT INTO ${STAGE}\\.\`(events|visits)__`),
  'day account': /INSERT INTO daybook\.accounts .*"account":"day"/s,
  refresh: new RegExp(`INSERT INTO ${STAGE}\\.\`(daily_amounts|daily_visits|running)__`),
  staging: new RegExp(`(ALTER TABLE ${STAGE}\\.\`\\w+\` REPLACE PARTITION .* FROM|RENAME TABLE) ${STAGE}`),
  test: /SELECT count\(\) AS failing/,
  'lookback copy': new RegExp(`ALTER TABLE ${STAGE}\\.\`\\w+\` REPLACE PARTITION .* FROM \`\\w+_live\``),
  archive: /ALTER TABLE `daybook_\w+_archive`.* REPLACE PARTITION/,
  intent: /INSERT INTO daybook\.publishes .*"event":"intent"/s,
  swap: /ALTER TABLE `\w+_live`\.`\w+` REPLACE PARTITION/,
  measure: /count\(\) AS rows, sum\(cityHash64\(.* AS hash(\) AS row)?\s+FROM `\w+_live`/,
  'done record': /INSERT INTO daybook\.publishes .*"event":"done"/s,
  'hold record': /INSERT INTO daybook\.holds/,
  'rollback record': /INSERT INTO daybook\.publishes .*"event":"rollback"/s,
  restore: /ALTER TABLE `\w+_live`\.`\w+` REPLACE PARTITION/,
  'undone record': /INSERT INTO daybook\.publishes .*"event":"undone"/s,
  'rolled-back record': /INSERT INTO daybook\.builds .*"event":"rolled-back"/s,
  'published record': /INSERT INTO daybook\.builds .*"event":"published"/s,
  'drop of the stage': new RegExp(`DROP DATABASE IF EXISTS ${STAGE}`),
};

interface Sought {
  method: string;
  /** Path and parameters. */
  url: RegExp;
  /** Who asks the store: the engine has an address of its own. */
  from: 'worker' | 'engine';
}

const REQUEST: Record<RequestName, Sought> = {
  listing: { from: 'worker', method: 'GET', url: /list-type=2&prefix=(raw|visits)%2F/ },
  'plan write': { from: 'worker', method: 'PUT', url: /\/_plans\// },
  'plan read': { from: 'worker', method: 'GET', url: /\/_plans\// },
  'raw read': { from: 'engine', method: 'GET', url: /^\/[^/]+\/(raw|visits)\// },
  'chunk write': { from: 'engine', method: 'PUT', url: /\.parquet/ },
  'chunk read': { from: 'engine', method: 'GET', url: /\.parquet/ },
  'manifest write': { from: 'worker', method: 'PUT', url: /\/[0-9a-f]{32}\/[0-9a-f]{32}\.json/ },
  'manifest read': { from: 'worker', method: 'GET', url: /\/[0-9a-f]{32}\/[0-9a-f]{32}\.json/ },
};

export const requestFrom = (name: RequestName): 'worker' | 'engine' => REQUEST[name].from;

export const isStatement = (name: StatementName, asked: Asked): boolean => STATEMENT[name].test(sqlOf(asked));

export const isRequest = (name: RequestName, { method, url }: Asked): boolean =>
  method === REQUEST[name].method && REQUEST[name].url.test(url.pathname + url.search);

/** Checks for each request whether it reaches the point. True once. */
export function reaching<Name extends string>(
  { name, nth }: Point<Name>,
  matches: (name: Name, asked: Asked) => boolean,
): (asked: Asked) => boolean {
  let seen = 0;
  return (asked) => matches(name, asked) && ++seen === nth;
}
