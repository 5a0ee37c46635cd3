import { expect, test } from 'vitest';
import { bytesRead, paceOf, sharesOf } from '../../src/ledger/report/throughput.js';

const builds = [
  { day: '2026-05-01', from: 0, to: 3_000 },
  { day: '2026-05-02', from: 10_000, to: 15_000 },
  { day: '2026-05-03', from: 20_000, to: 22_000 },
];
const chunk = (folder: string, at: number, bytes: number) => ({ folder, at, bytes });

test('parallel builds share the time, and pauses between builds count for none', () => {
  expect(sharesOf(builds)).toEqual([3_000, 5_000, 2_000]);
  expect(
    sharesOf([
      { from: 0, to: 4 },
      { from: 2, to: 6 },
      { from: 2, to: 4 },
    ]),
  ).toEqual([2 + 2 / 3, 2 / 3 + 2, 2 / 3]);
  expect(sharesOf([])).toEqual([]);
});

test('a chunk counts for the build that ran when it was made, the one of the nearest day where several did', () => {
  const beside = [
    { day: '2026-05-01', from: 0, to: 10 },
    { day: '2026-05-03', from: 5, to: 15 },
  ];
  const chunks = [
    chunk('2026-05-01', 7, 1),
    chunk('2026-05-03', 7, 10),
    chunk('2026-05-01', 12, 100),
    chunk('2026-05-01', 99, 1_000),
  ];
  expect(bytesRead(beside, chunks)).toEqual([1, 110]);
});

test('time is a fixed part for each build, and the rest by bytes', () => {
  const read = [chunk('2026-05-01', 1_000, 1_000), chunk('2026-05-02', 11_000, 3_000)];
  const { perBuild = 0, perByte = 0 } = paceOf(builds, read) ?? {};
  expect(perBuild).toBeCloseTo(2_000);
  expect(perByte).toBeCloseTo(1);
  expect(paceOf(builds, [])).toEqual({ perBuild: 10_000 / 3, perByte: 0 });
  expect(paceOf([], [])).toBeUndefined();
});

test('no cost is below zero, whatever the past builds', () => {
  // More bytes took less time, and then bytes took all of it.
  expect(paceOf(builds, [chunk('2026-05-03', 21_000, 9_000)])).toEqual({ perBuild: 10_000 / 3, perByte: 0 });
  const steep = [
    { day: '2026-05-01', from: 0, to: 10 },
    { day: '2026-05-02', from: 10, to: 1_010 },
  ];
  const pace = paceOf(steep, [chunk('2026-05-01', 5, 50), chunk('2026-05-02', 500, 60)]);
  expect(pace?.perBuild).toBeCloseTo(0);
  expect((pace?.perByte ?? 0) * 110).toBeCloseTo(1_010);
});
