import type { EngineBucket } from '../clickhouse/object-table.js';
import type { Store } from '../store/store.js';

/** Returns how ClickHouse reaches a bucket of the store. */
export async function engineBucket({ store }: { store: Pick<Store, 'engine'> }, bucket: string): Promise<EngineBucket> {
  return {
    name: bucket,
    url: store.engine.bucketUrl(bucket),
    collection: store.engine.collection,
    credentials:
      store.engine.collection === undefined ? await store.engine.credentials() : { key: '', secret: '', token: '' },
  };
}
