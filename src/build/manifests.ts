import { manifest as manifestSchema, type Manifest } from '../core/messages.js';
import type { Dependencies } from './dependencies.js';

/** The manifest of a normalized chunk; undefined where there is none (yet). */
export async function readManifest(
  { store }: Dependencies,
  bucket: string,
  key: string,
): Promise<Manifest | undefined> {
  const text = await store.read(bucket, key);
  return text === undefined ? undefined : manifestSchema.parse(JSON.parse(text));
}
