import fc from 'fast-check';
import { expect, test } from 'vitest';
import { levels } from '../../src/project/schema/order.js';

test('a model is one level above the highest of its inputs', () => {
  const inputs = new Map([
    ['summary', ['sales', 'funnel']],
    ['sales', ['clean']],
    ['funnel', ['events']],
    ['clean', ['events']],
    ['constant', []],
  ]);
  expect(Object.fromEntries(levels(inputs))).toEqual({ constant: 0, funnel: 0, clean: 0, sales: 1, summary: 2 });
});

test('a circular dependency is reported as the path that closes it', () => {
  const inputs = new Map([
    ['start', ['a']],
    ['a', ['b']],
    ['b', ['c']],
    ['c', ['a']],
  ]);
  expect(() => levels(inputs)).toThrow('a -> b -> c -> a');
  expect(() => levels(new Map([['self', ['self']]]))).toThrow('self -> self');
});

test('whatever the graph, no model is at or below the level of one of its inputs', () => {
  const graph = fc.array(fc.array(fc.nat(20), { maxLength: 4 }), { maxLength: 20 });
  fc.assert(
    fc.property(graph, (edges) => {
      // Edges only point to earlier names, so there is no circle.
      const inputs = new Map(
        edges.map((to, from) => [`m${from}`, to.filter((one) => one < from).map((one) => `m${one}`)]),
      );
      const found = levels(inputs);
      for (const [name, of] of inputs)
        for (const input of of) expect(found.get(name)).toBeGreaterThan(found.get(input) ?? Infinity);
    }),
  );
});
