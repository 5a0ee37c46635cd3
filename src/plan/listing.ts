import type { SourceConfig } from '../project/config/config.js';
import { matchesAny } from '../project/config/patterns.js';
import { folderPrefix, markerKey } from '../project/config/prefix.js';
import type { Day } from '../shared/day.js';
import type { StoredObject } from '../store/object.js';

/** Names that Hadoop tools do not read as data: markers, temporary files. */
const HIDDEN = /^[_.]/;

/** Names that writers give to what they have not finished: Hadoop's and Flink's, and those of copying tools. */
const UNFINISHED = /([.](tmp|temp|crc|partial|part|filepart|crdownload|swp|inprogress([.-].*)?)|[.]_COPYING_|~)$/i;

/** What is data in one folder of a source, by its name. */
export interface DataRules {
  /** The folder: what all its keys begin with. */
  prefix: string;
  /** Key of the object that says that the folder is complete. */
  marker?: string;
  /** Where there are any, only names that match one of them are data, also unfinished ones. */
  include: readonly string[];
  /** Names that match one of them are no data. */
  exclude: readonly string[];
}

/** The rules of a source's folder of one date. */
export const rulesOf = ({ prefix, ready, include, exclude }: SourceConfig, folder: Day): DataRules => ({
  prefix: folderPrefix(prefix, folder),
  ...('marker' in ready ? { marker: markerKey(prefix, ready.marker, folder) } : {}),
  include,
  exclude,
});

/** Why a key is no data by its name: `hidden`, `unfinished`, the `marker`, or `excluded` by the config's patterns; or undefined. */
export function notData(
  key: string,
  { prefix, marker, include, exclude }: DataRules,
): 'hidden' | 'unfinished' | 'marker' | 'excluded' | undefined {
  if (key === marker) return 'marker';
  const rest = key.slice(prefix.length);
  const names = rest.split('/');
  // A name that begins inside of the prefix, as in `raw/events-2026-11-05.json`, is one that the user gave.
  const own = prefix === '' || prefix.endsWith('/') ? names : names.slice(1);
  if (own.some((name) => HIDDEN.test(name))) return 'hidden';
  if (include.length > 0) {
    if (!matchesAny(rest, include)) return 'excluded';
  } else if (UNFINISHED.test(rest)) return 'unfinished';
  return matchesAny(rest, exclude) ? 'excluded' : undefined;
}

/** Objects that hold data: not empty, and not ruled out by their names; see {@link notData}. */
export const dataObjects = <Listed extends StoredObject>(objects: readonly Listed[], rules: DataRules): Listed[] =>
  objects.filter(({ key, size }) => size > 0 && notData(key, rules) === undefined);

/** Folders in which a table format keeps the log that says which of the files beside it are the table: Delta Lake's and Hudi's. */
export const TABLE_LOGS = ['_delta_log/', '.hoodie/'] as const;

/** The folder of a table's log among listed objects, or undefined. */
export function tableLogIn(listed: readonly StoredObject[], prefix: string): string | undefined {
  for (const { key } of listed)
    for (const log of TABLE_LOGS) {
      const at = key.indexOf(log, prefix.length);
      if (at >= 0 && (at === 0 || key[at - 1] === '/')) return key.slice(0, at + log.length);
    }
  return undefined;
}

/** What a table's log means for a source that reads the files beside it. */
export const tableLogText = (log: string): string =>
  `${log} is the log of a table, which Daybook does not read: files that the log has removed or replaced are loaded, too`;

/**
 * Objects that a published day was built from and that are no longer listed under their key, by key: what is said of them must not
 * depend on the order of records. A rewritten object has not vanished.
 */
export function vanishedObjects(listed: readonly StoredObject[], published: readonly StoredObject[]): StoredObject[] {
  const keys = new Set(listed.map(({ key }) => key));
  return published.filter(({ key }) => !keys.has(key)).sort((a, b) => (a.key < b.key ? -1 : 1));
}
