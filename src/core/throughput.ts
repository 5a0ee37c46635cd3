/** Milliseconds in which at least one of the intervals was under way: those that overlap count once. */
export function busyMs(intervals: readonly { from: number; to: number }[]): number {
  let busy = 0;
  let until = Number.NEGATIVE_INFINITY;
  for (const { from, to } of [...intervals].sort((a, b) => a.from - b.from)) {
    busy += Math.max(0, to - Math.max(from, until));
    until = Math.max(until, to);
  }
  return busy;
}
