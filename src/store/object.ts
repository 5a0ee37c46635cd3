/** One object of a source's folder, as a listing shows it. `etag` without quotes, `size` in bytes. */
export interface StoredObject {
  key: string;
  etag: string;
  size: number;
}
