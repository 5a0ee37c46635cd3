/** One object as it is listed. `etag` without quotes, `size` in bytes. */
export interface StoredObject {
  key: string;
  etag: string;
  size: number;
}
