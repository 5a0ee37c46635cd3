import { gzipSync } from 'node:zlib';
import { lines, payment } from './payments.js';

const bytes = (hex: string) => Buffer.from(hex, 'hex');

/** Text as a zstd frame of raw blocks, each with some of the lines, as a log shipper flushes them; with a content checksum or not. */
export function zstd(...blocks: readonly string[]): Buffer {
  const written = blocks.map((text, index) => {
    const value = Buffer.byteLength(text) * 8 + (index === blocks.length - 1 ? 1 : 0);
    return Buffer.concat([Buffer.from([value & 255, (value >> 8) & 255, value >> 16]), Buffer.from(text)]);
  });
  return Buffer.concat([bytes('28b52ffd0058'), ...written]);
}

/** An LZ4 frame with one block as it is, without checksums. */
export function lz4(text: string): Buffer {
  const content = Buffer.from(text);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(content.length + 0x80000000);
  return Buffer.concat([bytes('04224d18604082'), size, content, Buffer.alloc(4)]);
}

/** An LZ4 frame whose block claims to be compressed, and is not. */
function brokenLz4(text: string): Buffer {
  const frame = lz4(text);
  frame[LZ4_BLOCK + 3] = 0;
  return frame;
}

/** Where the size of an LZ4 frame's first block is; its highest bit means that the block is not compressed. */
const LZ4_BLOCK = 7;

/** Text in the standard framing of snappy, as one chunk that is not compressed. ClickHouse reads that of Hadoop. */
function framedSnappy(text: string): Buffer {
  const content = Buffer.from(text);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(content.length + 4);
  return Buffer.concat([bytes('ff060000734e61507059'), bytes('01'), size.subarray(0, 3), bytes('00000000'), content]);
}

const utf16 = (text: string) => Buffer.from(text, 'utf16le');

/** An object that is not what it claims, and what is said of it. */
export interface BadKind {
  name: string;
  body: Uint8Array | string;
  reason: RegExp;
}

/** Every way in which an object of JSON lines can be bad as a whole. */
export function badKinds(day: string): BadKind[] {
  const two = lines(payment(day, 'lost1'), payment(day, 'lost2'));
  const gzip = gzipSync(two.repeat(50));
  const frame = zstd(lines(payment(day, 'lost1')), lines(payment(day, 'lost2')));
  const pretty = [payment(day, 'lost1'), payment(day, 'lost2')].map((text) =>
    JSON.stringify(JSON.parse(text), null, 2),
  );
  const corrupt = Buffer.from(gzip);
  corrupt.fill(0xff, 20, 30);
  const wrong = Buffer.from(frame);
  wrong[6] = 0xff; // a block of the kind that does not exist
  return [
    { name: 'cut.json.gz', body: gzip.subarray(0, -9), reason: /^ClickHouse says 354/ },
    { name: 'corrupt.json.gz', body: corrupt, reason: /^ClickHouse says 354/ },
    { name: 'second-member-cut.json.gz', body: Buffer.concat([gzip, gzip.subarray(0, -5)]), reason: /says 354/ },
    { name: 'text.json.gz', body: two, reason: /says 354/ },
    // Truncated where a block ends, all lines are whole: only the missing end of the frame shows it.
    {
      name: 'cut.json.zst',
      body: zstd(lines(payment(day, 'lost1')), 'x').subarray(0, -4),
      reason: /^truncated after \d+ bytes/,
    },
    { name: 'cut.json.zstd', body: frame.subarray(0, -30), reason: /^truncated after \d+ bytes/ },
    {
      name: 'unknown.json.bz2',
      body: bytes('425a6839314159265359'),
      reason: /^ClickHouse says 48 .*compression method/,
    },
    { name: 'cut-in-a-line.json.zst', body: frame.subarray(0, -30), reason: /^truncated after \d+ bytes/ },
    { name: 'second-frame-cut.json.zst', body: Buffer.concat([frame, frame.subarray(0, 9)]), reason: /its last frame/ },
    { name: 'corrupt.json.zst', body: wrong, reason: /^not zstd: expected the start of a block at byte 6/ },
    { name: 'text.json.zst', body: two, reason: /^not zstd: expected the start of a frame at byte 0/ },
    { name: 'cut.json.lz4', body: lz4(two).subarray(0, -4), reason: /^truncated after/ },
    { name: 'corrupt.json.lz4', body: brokenLz4(two), reason: /^ClickHouse says 618/ },
    {
      name: 'longer.json.lz4',
      body: Buffer.concat([lz4(two), Buffer.from('{"id":1}\n')]),
      reason: /^not LZ4: expected the start of a frame/,
    },
    { name: 'framed.json.snappy', body: framedSnappy(two), reason: /^ClickHouse says 638/ },
    { name: 'gzip.json', body: gzip, reason: /^gzip under a name that does not end in \.gz, expected JSON lines/ },
    { name: 'zstd.json', body: frame, reason: /^zstd under a name/ },
    {
      name: 'parquet.json',
      body: Buffer.from('PAR1\u0015\u0004PAR1'),
      reason: /^Parquet, in a source whose format is 'ndjson'/,
    },
    { name: 'archive.json', body: bytes('504b03040a00000000008d5c'), reason: /^a ZIP archive/ },
    {
      name: 'utf16-mark.json',
      body: Buffer.concat([bytes('fffe'), utf16(two)]),
      reason: /^looks like UTF-16, expected UTF-8/,
    },
    { name: 'utf16.json', body: utf16(two), reason: /^looks like UTF-16/ },
    { name: 'utf16-big.json', body: Buffer.from(utf16(two)).swap16(), reason: /^looks like UTF-16/ },
    {
      name: 'array.json',
      body: `[${two.trim().replace('\n', ',')}]`,
      reason: /^a JSON array, expected one object on each line/,
    },
    { name: 'array-by-line.json', body: `[\n${two.trim().replace('\n', ',\n')}\n]\n`, reason: /^a JSON array/ },
    { name: 'array-pretty.json.gz', body: gzipSync(`[\n  ${pretty.join(',\n  ')}\n]`), reason: /^a JSON array/ },
    {
      name: 'glued.json',
      body: `${payment(day, 'lost1')}${payment(day, 'lost2')}\n${payment(day, 'lost3')}\n`,
      reason: /^holds several JSON values on one line, in 1 line, first in line 1: a line break is missing/,
    },
    {
      name: 'glued-with-commas.json',
      body: lines(payment(day, 'a}{b'), `${payment(day, 'lost1')}, ${payment(day, 'lost2')}`),
      reason: /^holds several JSON values on one line, in 1 line, first in line 2/,
    },
    {
      name: 'glued-members.json.gz',
      body: Buffer.concat([gzipSync(two.trimEnd()), gzipSync(two)]),
      reason: /^holds several JSON values on one line, in 1 line, first in line 2/,
    },
    {
      name: 'glued-in-a-string.json',
      body: lines(`{"id":"}{","n":${'9'.repeat(30)}}${payment(day, 'lost2')}`),
      reason: /^holds several JSON values on one line/,
    },
    {
      name: 'glued-with-lists-inside.json',
      body: lines(
        payment(day, 'good'),
        payment(day, 'lost1', { items: Array.from({ length: 40 }, (_, n) => ({ n, of: {} })) }) + payment(day, 'lost2'),
      ),
      reason: /^holds several JSON values on one line, in 1 line, first in line 2/,
    },
    {
      name: 'list-in-a-line.json',
      body: lines(payment(day, 'lost1'), `[${payment(day, 'lost2')}, ${payment(day, 'lost3')}]`),
      reason: /^holds several JSON values on one line, in 1 line, first in line 2: they are in a list/,
    },
    {
      name: 'envelope.json',
      body: JSON.stringify({
        version: [1],
        Records: [payment(day, 'lost1'), payment(day, 'lost2')].map((one) => JSON.parse(one) as object),
      }),
      reason:
        /^its events are in a list: its first line is one JSON object whose key "Records" holds 2 objects, expected one event on each line$/,
    },
    {
      name: 'twice.json.gz',
      body: gzipSync(gzip),
      reason: /^compressed twice: unpacked, it is gzip, expected JSON lines$/,
    },
    { name: 'pretty.json', body: lines(...pretty), reason: /^JSON objects over several lines each/ },
  ];
}
