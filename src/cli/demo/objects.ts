import { createHash } from 'node:crypto';
import type { Store } from '../../io/s3.js';
import { demoObjects, type DemoObject } from '../../local/demo/generate.js';

/** The demo's raw objects of an act that the bucket lacks, or holds with other bytes. */
export async function missingObjects(store: Store, bucket: string, act: DemoObject['act']): Promise<DemoObject[]> {
  const objects = (await demoObjects()).filter((object) => object.act === act);
  const there = new Map((await store.list(bucket, 'raw/')).map(({ key, etag }) => [key, etag]));
  // An object that was put in one piece has the MD5 of its bytes as its ETag.
  return objects.filter(({ key, body }) => there.get(key) !== createHash('md5').update(body).digest('hex'));
}

/** Stores them; answers how many bytes they have. */
export async function upload(store: Store, bucket: string, objects: readonly DemoObject[]): Promise<number> {
  for (const { key, body } of objects) await store.write(bucket, key, body);
  return objects.reduce((sum, { body }) => sum + body.length, 0);
}
