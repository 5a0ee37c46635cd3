import { expect, test } from 'vitest';
import { watchNode } from '../../src/clickhouse/cluster/watch-node.js';

const HOUR = 60 * 60 * 1000;

/** Watches answers of these nodes, one each second, and returns which of them were refused. */
function refused(names: readonly string[], pause = 1_000): string[] {
  let time = 0;
  const answer = watchNode('http://127.0.0.1:8123', () => (time += pause));
  return names.filter((name) => {
    try {
      answer({ 'x-clickhouse-server-display-name': name });
      return false;
    } catch {
      return true;
    }
  });
}

test('one node always answers, and another one may replace it', () => {
  expect(refused(['a', 'a', 'a'])).toEqual([]);
  expect(refused(['a', 'a', 'b', 'b', 'c'])).toEqual([]);
});

test('a node that answers again after another one is behind a balancer, and every later answer is refused', () => {
  expect(refused(['a', 'b', 'a', 'a'])).toEqual(['a', 'a']);
  expect(refused(['a', 'b', 'c', 'b'])).toEqual(['b']);
});

test('a node that comes back after hours was away, not behind a balancer', () => {
  expect(refused(['a', 'b', 'a'], HOUR)).toEqual([]);
});

test('answers without a name, as of some proxies, say nothing', () => {
  const answer = watchNode('http://127.0.0.1:8123');
  expect(() => {
    answer({});
  }).not.toThrow();
});
