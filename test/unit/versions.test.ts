import { expect, test } from 'vitest';
import { isOlder } from '../../src/clickhouse/versions.js';

test.each([
  ['26.6.1', false],
  ['26.6.1.1193', false],
  ['26.7.2.1', false],
  ['27.1.1.1', false],
  ['26.10.1.1', false],
  ['26.6.0.99', true],
  ['26.5.9.9', true],
  ['26.3.9.8-lts', true],
  ['25.12.1.1', true],
  ['9.9.9', true],
  ['26.6', true],
  ['26.6.1-stable', false],
])('the engine %s is older than 26.6.1: %s', (version, older) => {
  expect(isOlder(version, '26.6.1')).toBe(older);
});
