import type { StoredObject } from '../store/object.js';

/** Names that Hadoop tools do not read as data: markers, temporary files. */
const HIDDEN = /^[_.]/;

/**
 * Selects objects that hold data: not empty, not the `marker`, and without a name or folder `_…` or `.…` below `prefix`. A name that
 * begins inside the prefix, as in `raw/events-2026-11-05.json`, may begin with either.
 *
 * @param marker name after the prefix of the object that marks a folder as complete
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

/** Finds objects of a published day whose key is no longer listed. A rewritten object has not vanished. */
export function vanishedObjects(listed: readonly StoredObject[], published: readonly StoredObject[]): StoredObject[] {
  const keys = new Set(listed.map(({ key }) => key));
  return published.filter(({ key }) => !keys.has(key));
}
