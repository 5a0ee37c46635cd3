import type { EngineBucket } from '../clickhouse/object-table.js';
import type { Dependencies } from './dependencies.js';

/** Returns how ClickHouse reaches a bucket of the store. */
export async function engineBucket({ store }: Pick<Dependencies, 'store'>, bucket: string): Promise<EngineBucket> {
  return {
    name: bucket,
    url: store.engine.bucketUrl(bucket),
    collection: store.engine.collection,
    credentials:
      store.engine.collection === undefined ? await store.engine.credentials() : { key: '', secret: '', token: '' },
  };
}
