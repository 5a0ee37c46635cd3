import { daysBetween, type Day } from '../../shared/day.js';

/** A past build: when it was planned and published, in milliseconds since 1970. */
export interface PastBuild {
  day: Day;
  from: number;
  to: number;
}

/** A chunk of raw objects that was normalized. */
export interface PastChunk {
  folder: Day;
  at: number;
  bytes: number;
}

/** The cost of builds in milliseconds: for each build, and for each byte of raw objects. */
export interface Pace {
  perBuild: number;
  perByte: number;
}

/** Returns each build's share of the time in milliseconds; time in which several ran is divided among them. */
export function sharesOf(intervals: readonly { from: number; to: number }[]): number[] {
  const moments = [...new Set(intervals.flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b);
  const shares = intervals.map(() => 0);
  for (const [index, moment] of moments.slice(1).entries()) {
    const begun = moments[index] ?? moment;
    const running = [...intervals.keys()].filter((one) => {
      const interval = intervals[one];
      return interval !== undefined && interval.from <= begun && interval.to >= moment;
    });
    for (const one of running) shares[one] = (shares[one] ?? 0) + (moment - begun) / running.length;
  }
  return shares;
}

/** Returns the bytes that each build read: those of chunks normalized during it whose folder is nearest to its day. */
export function bytesRead(builds: readonly PastBuild[], chunks: readonly PastChunk[]): number[] {
  const bytes = builds.map(() => 0);
  for (const chunk of chunks) {
    const [nearest] = [...builds.entries()]
      .filter(([, { from, to }]) => from <= chunk.at && chunk.at <= to)
      .sort(([, a], [, b]) => distance(a.day, chunk.folder) - distance(b.day, chunk.folder));
    if (nearest) bytes[nearest[0]] = (bytes[nearest[0]] ?? 0) + chunk.bytes;
  }
  return bytes;
}

const distance = (one: Day, other: Day): number =>
  daysBetween(one < other ? one : other, one < other ? other : one).length;

/** Returns the least-squares fit over past builds, without negative costs; undefined if there are none. */
export function paceOf(builds: readonly PastBuild[], chunks: readonly PastChunk[]): Pace | undefined {
  if (builds.length === 0) return undefined;
  const costs = sharesOf(builds);
  const bytes = bytesRead(builds, chunks);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanCost, meanBytes] = [mean(costs), mean(bytes)];
  const spread = mean(bytes.map((one) => (one - meanBytes) ** 2));
  const slope =
    spread === 0 ? 0 : mean(bytes.map((one, i) => (one - meanBytes) * ((costs[i] ?? 0) - meanCost))) / spread;
  const perByte = meanBytes === 0 ? 0 : Math.min(Math.max(0, slope), meanCost / meanBytes);
  return { perBuild: meanCost - perByte * meanBytes, perByte };
}
