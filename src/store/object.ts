/** One object as it is listed. `etag` without quotes, `size` in bytes. */
export interface StoredObject {
  key: string;
  etag: string;
  size: number;
}

/** Names one version of an object: a key that was written again has another ETag. */
export const objectName = ({ key, etag }: Pick<StoredObject, 'key' | 'etag'>): string => `${key} (${etag})`;
