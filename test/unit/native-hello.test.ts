import { expect, test } from 'vitest';
import { exceptionPacket, parseHello } from '../../src/local/clickhouse/native-hello.js';

const text = (value: string) => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.of((bytes.length % 0x80) | 0x80, Math.floor(bytes.length / 0x80)), bytes]);
};
const HELLO = Buffer.concat([
  Buffer.of(0),
  text('a client'),
  Buffer.of(24, 1, 0xa0, 0xa9, 0x03),
  text('läden'),
  text('daybook'),
  text('p'.repeat(300)),
]);

test('a hello is read whole, and in however many pieces it comes', () => {
  const hello = { database: 'läden', user: 'daybook', password: 'p'.repeat(300) };
  expect(parseHello(HELLO)).toEqual(hello);
  for (let length = 0; length < HELLO.length; length++) expect(parseHello(HELLO.subarray(0, length))).toBe('more');
  // A client may send its first query without waiting for an answer.
  expect(parseHello(Buffer.concat([HELLO, Buffer.from('more')]))).toEqual(hello);
});

test('other protocols, and lengths that nothing has, are known at once', () => {
  expect(parseHello(Buffer.from('GET / HTTP/1.1'))).toBe('other');
  expect(parseHello(Buffer.of(0x16, 0x03, 0x01))).toBe('other'); // TLS
  expect(parseHello(Buffer.of(0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff))).toBe('other');
  expect(parseHello(Buffer.of(0, 0xff, 0xff, 0x7f))).toBe('other');
});

test('a refusal carries its code and its words, however long', () => {
  const message = 'ä'.repeat(200);
  const packet = exceptionPacket(516, message);
  expect(packet[0]).toBe(2);
  expect(packet.readInt32LE(1)).toBe(516);
  const name = Buffer.concat([Buffer.of(13), Buffer.from('DB::Exception')]);
  expect(packet.subarray(5)).toEqual(Buffer.concat([name, text(message), Buffer.of(0, 0)]));
});
