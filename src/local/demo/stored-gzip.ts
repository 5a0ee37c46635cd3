/** The most that one stored block can hold: its length is a 16-bit number. */
const BLOCK = 0xffff;

/** Magic, method deflate, no flags, no time, no hint, and 255 for an unknown operating system. */
const HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);

/**
 * Wraps content in a gzip file with stored, uncompressed blocks. Compressed bytes differ between versions of zlib and between
 * processors; these never do, so that the ETag of a demo object is the same on every machine.
 */
export function storedGzip(content: Uint8Array): Uint8Array {
  const blocks = Math.max(1, Math.ceil(content.length / BLOCK));
  const file = new Uint8Array(HEADER.length + blocks * 5 + content.length + 8);
  const view = new DataView(file.buffer);
  file.set(HEADER);
  let at = HEADER.length;
  for (let block = 0; block < blocks; block++) {
    const part = content.subarray(block * BLOCK, (block + 1) * BLOCK);
    view.setUint8(at, block === blocks - 1 ? 1 : 0);
    view.setUint16(at + 1, part.length, true);
    view.setUint16(at + 3, ~part.length & 0xffff, true);
    file.set(part, at + 5);
    at += 5 + part.length;
  }
  view.setUint32(at, crc32(content), true);
  view.setUint32(at + 4, content.length, true);
  return file;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

function crc32(content: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of content) crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0);
  return ~crc >>> 0;
}
