// The project of `npm run bench:years`: many small days with a lookback and a running total.
export default {
  project: 'years',
  database: 'years_daybook',
  store: { bucket: 'bench-data' },
  timezone: 'UTC',
  start: '2005-01-01',
  sources: {
    flights: { prefix: 'raw/dt={YYYY}-{MM}-{DD}/', arrival: { before: 0, after: 0 } },
  },
};
