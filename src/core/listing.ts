import type { StoredObject } from './messages.js';

/** Names that tools of the Hadoop family do not read as data: markers, temporary files. */
const HIDDEN = /^[_.]/;

/** Objects that hold data: not empty, and neither themselves nor a folder on their way below `prefix` named `_…` or `….`. */
export const dataObjects = <Listed extends StoredObject>(objects: readonly Listed[], prefix: string): Listed[] =>
  objects.filter(
    ({ key, size }) =>
      size > 0 &&
      !key
        .slice(prefix.length)
        .split('/')
        .some((part) => HIDDEN.test(part)),
  );

/** Objects that a published day stands on and that are listed no more under their key. A rewritten object has not vanished. */
export function vanishedObjects(listed: readonly StoredObject[], published: readonly StoredObject[]): StoredObject[] {
  const keys = new Set(listed.map(({ key }) => key));
  return published.filter(({ key }) => !keys.has(key));
}
