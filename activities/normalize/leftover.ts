import type { Dependencies } from '../../src/step/dependencies.js';

/**
 * Removes a Parquet object that no manifest names. A store that refuses it fails no chunk, and hides no other error: a cleanup removes
 * the object later.
 */
export const removeLeftover = ({ store }: Pick<Dependencies, 'store'>, bucket: string, parquet: string) =>
  store.remove(bucket, [parquet]).catch(() => undefined);
