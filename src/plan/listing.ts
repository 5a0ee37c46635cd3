import type { StoredObject } from '../store/object.js';

/** Names that tools of the Hadoop family do not read as data: markers, temporary files. */
const HIDDEN = /^[_.]/;

/**
 * Objects that hold data: not empty, not the `marker`, and neither themselves nor a folder on their way below `prefix` named
 * `_…` or `.…`. A name that begins inside of the prefix, as in `raw/events-2026-11-05.json`, is one that the user gave.
 *
 * @param marker name of the object, behind the prefix, that says that a folder is complete
 */
export const dataObjects = <Listed extends StoredObject>(
  objects: readonly Listed[],
  prefix: string,
  marker?: string,
): Listed[] =>
  objects.filter(({ key, size }) => {
    const names = key.slice(prefix.length).split('/');
    const own = prefix === '' || prefix.endsWith('/') ? names : names.slice(1);
    return size > 0 && (marker === undefined || key !== prefix + marker) && !own.some((name) => HIDDEN.test(name));
  });

/** Objects that a published day stands on and that are listed no more under their key. A rewritten object has not vanished. */
export function vanishedObjects(listed: readonly StoredObject[], published: readonly StoredObject[]): StoredObject[] {
  const keys = new Set(listed.map(({ key }) => key));
  return published.filter(({ key }) => !keys.has(key));
}
