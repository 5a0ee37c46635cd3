import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { storedGzip } from '../../src/local/demo/stored-gzip.js';

describe('storedGzip', () => {
  it.each([0, 1, 65_534, 65_535, 65_536, 131_070, 200_000])('unpacks to the %i bytes that were packed', (length) => {
    const content = Uint8Array.from({ length }, (_, index) => (index * 31) % 251);
    expect(Buffer.compare(gunzipSync(storedGzip(content)), content)).toBe(0);
  });

  it('names neither a time nor an operating system', () => {
    expect([...storedGzip(Uint8Array.of(1)).subarray(4, 10)]).toEqual([0, 0, 0, 0, 0, 0xff]);
  });
});
