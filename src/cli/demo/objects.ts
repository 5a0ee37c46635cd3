import { createHash } from 'node:crypto';
import type { Store } from '../../io/s3.js';
import { demoObjects, type DemoObject } from '../../local/demo/generate.js';

let generated: Promise<readonly DemoObject[]> | undefined;

/** Generates the demo's raw objects, once in a process: it takes a second of computing. */
export const rawObjects = (): Promise<readonly DemoObject[]> => (generated ??= demoObjects());

/** Uploads that run at the same time. */
const UPLOADS = 8;

/** The demo's raw objects of an act that the bucket lacks, or holds with other bytes. */
export async function missingObjects(store: Store, bucket: string, act: DemoObject['act']): Promise<DemoObject[]> {
  const objects = (await rawObjects()).filter((object) => object.act === act);
  const there = new Map((await store.list(bucket, 'raw/')).map(({ key, etag }) => [key, etag]));
  // An object that was put in one piece has the MD5 of its bytes as its ETag.
  return objects.filter(({ key, body }) => there.get(key) !== createHash('md5').update(body).digest('hex'));
}

/** Stores them; answers how many bytes they have. */
export async function upload(store: Store, bucket: string, objects: readonly DemoObject[]): Promise<number> {
  const left = objects.values();
  const uploadOneByOne = async () => {
    for (const { key, body } of left) await store.write(bucket, key, body);
  };
  await Promise.all(Array.from({ length: UPLOADS }, uploadOneByOne));
  return objects.reduce((sum, { body }) => sum + body.length, 0);
}
