// The project of the benchmark: one feed, two aggregates, all checks on.
export default {
  project: 'bench',
  database: 'bench_daybook',
  store: { bucket: 'bench-data' },
  sources: {
    events: { prefix: 'raw/dt={YYYY}-{MM}-{DD}/', arrival: { before: 0, after: 0 } },
  },
};
