import { createHash } from 'node:crypto';
import { demoObjects, type DemoObject } from '../../local/demo/generate.js';
import type { Store } from '../../store/store.js';

let generated: Promise<readonly DemoObject[]> | undefined;

/** Generates the demo's raw objects once per process, because that takes a second. */
export const rawObjects = (): Promise<readonly DemoObject[]> => (generated ??= demoObjects());

/** Concurrent uploads. */
const UPLOADS = 8;

/** Lists the raw objects of an act that the bucket lacks or holds with other content. */
export async function missingObjects(store: Store, bucket: string, act: DemoObject['act']): Promise<DemoObject[]> {
  const objects = (await rawObjects()).filter((object) => object.act === act);
  const there = new Map((await store.list(bucket, 'raw/')).map(({ key, etag }) => [key, etag]));
  // The ETag of an object that was uploaded in one piece is its MD5.
  return objects.filter(({ key, body }) => there.get(key) !== createHash('md5').update(body).digest('hex'));
}

/** Uploads objects; returns their total size in bytes. */
export async function upload(store: Store, bucket: string, objects: readonly DemoObject[]): Promise<number> {
  const left = objects.values();
  const uploadOneByOne = async () => {
    for (const { key, body } of left) await store.write(bucket, key, body);
  };
  await Promise.all(Array.from({ length: UPLOADS }, uploadOneByOne));
  return objects.reduce((sum, { body }) => sum + body.length, 0);
}
