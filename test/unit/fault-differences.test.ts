import { expect, test } from 'vitest';
import { differences } from '../faults/ended.js';

const right = { rows: ['{"id":"a"}', '{"id":"a"}', '{"id":"b"}'], stages: [] };

test('equal ends have no differences, in whatever order their facts come', () => {
  expect(differences(right, { stages: [], rows: right.rows.toReversed() })).toEqual([]);
});

test('a row that is missing, or comes once too often, is named with its part', () => {
  expect(differences(right, { ...right, rows: ['{"id":"a"}', '{"id":"b"}'] })).toEqual(['rows: missing {"id":"a"}']);
  expect(differences(right, { ...right, rows: [...right.rows, '{"id":"b"}'] })).toEqual(['rows: too many {"id":"b"}']);
});

test('a part that only one of the ends has is a difference', () => {
  expect(differences(right, { ...right, stages: ['left over'] })).toEqual(['stages: too many left over']);
  expect(differences({ ...right, tables: ['events'] }, right)).toEqual(['tables: missing events']);
});
