import { expect, test } from 'vitest';
import { parseDuration, parseShare, parseSize } from '../../src/project/units.js';

test.each([
  ['128 MiB', 128 * 1024 ** 2],
  ['128 MIB', 128 * 1024 ** 2],
  ['128mib', 128 * 1024 ** 2],
  ['500 MB', 500_000_000],
  ['500 mb', 500_000_000],
  ['1.5 GiB', 1.5 * 1024 ** 3],
  ['12 B', 12],
  ['128', undefined],
  ['128 M', undefined],
  ['128 iB', undefined],
  ['-1 MB', undefined],
  ['4 gigs', undefined],
])('the size %j is %s bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each([
  ['10 minutes', 600_000],
  ['10 Minutes', 600_000],
  ['10m', 600_000],
  ['36h', 36 * 3_600_000],
  ['36 H', 36 * 3_600_000],
  ['500ms', 500],
  ['10M', undefined],
  ['10 M', undefined],
  ['10', undefined],
  ['ten minutes', undefined],
])('the duration %j is %s milliseconds', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
});

test.each([
  ['1%', { share: 0.01 }],
  ['0.5 %', { share: 0.005 }],
  ['100%', { share: 1 }],
  ['101%', undefined],
  ['1', undefined],
])('the share %j is %j', (text, share) => {
  expect(parseShare(text)).toEqual(share);
});
