import { readStatements } from './sql-file.js';

/** The statements of `catalog.sql`. */
export const CATALOG = readStatements(new URL('catalog.sql', import.meta.url), [
  'databasesLike',
  'tablesLike',
  'tablesOf',
  'columnsOf',
  'columnsIn',
  'checksIn',
  'optionsOfTable',
  'columnsOfTable',
  'constraintsOfTable',
  'dictionarySources',
  'materializedViewsOn',
  'replicatedDatabases',
  'replicatedTables',
  'macros',
  'readOnlyReplicas',
  'databaseEngines',
  'countRunning',
  'runningQueries',
  'memoryOfOthers',
  'killRunning',
  'server',
  'engineVersion',
  'engineState',
]);
