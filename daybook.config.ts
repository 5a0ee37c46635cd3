// The example project: the clickstream of a small shop in Berlin. `npm run demo` fills it with five days.
// Every field has a default except `project`, the bucket and the prefixes; the fields below are those that a shop would set.

export default {
  // The project's name, part of every task queue, workflow ID and ledger row: lower-case letters, digits and `_`.
  project: 'shop',

  // A day is a calendar day in this zone. Columns with a time carry the same zone, because `toDate` follows the column.
  timezone: 'Europe/Berlin',

  // The first day that should exist; earlier days are never reported as missing.
  start: '2026-11-05',

  // When the nightly run starts, in the zone above. Between 00:00 and 03:00 daylight saving can skip or repeat it.
  schedule: '30 4 * * *',

  // The database that readers query.
  database: 'analytics',

  // The bucket of the raw events. Daybook keeps a normalized copy of them under `normalized`.
  store: { bucket: 'shop-data', normalized: 'daybook/', keepNormalized: '30 days' },

  sources: {
    // One feed of raw events. Its files are sql/raw/events.sql and sql/normalized/events.sql.
    events: {
      // One folder per date. The web servers cut folders at midnight UTC, which is 01:00 in Berlin in winter …
      prefix: 'raw/events/dt={YYYY}-{MM}-{DD}/',
      folderZone: 'UTC',
      // … so the first hour of a Berlin day is in the folder of the day before: also read one folder before and after the day.
      arrival: { before: 1, after: 1 },

      // JSON lines; the extension names the compression (`.gz`, `.zst`).
      format: 'ndjson',

      // The nightly run waits until the day's folder has this many objects and none was written within `quietFor`. The demo
      // uses 10 seconds; the default is 10 minutes.
      ready: { minObjects: 3, quietFor: '10 seconds' },

      // Servers retry, so events may arrive twice. Rows that agree in these columns are duplicates.
      dedupeBy: ['event_id'],

      // If more than this share of the folder's lines is rejected, the day fails before anything is published.
      maxRejects: '2%',
    },

    // The payment provider's records of each checkout, in Parquet: a project may mix formats.
    orders: {
      prefix: 'raw/orders/dt={YYYY}-{MM}-{DD}/',
      folderZone: 'UTC',
      arrival: { before: 1, after: 0 },

      // Columns are matched by name and may differ between objects. A row that does not fit the contract is rejected.
      format: 'parquet',

      // The provider writes this object last, and the run waits for it; with `deadline: '09:00'`, no longer than that.
      ready: { marker: '_SUCCESS' },

      dedupeBy: ['order_id'],

      // A number of lines instead of a share, because the folder has few lines.
      maxRejects: 3,
    },

    // Returned parcels. On most days there are none.
    returns: {
      prefix: 'raw/returns/dt={YYYY}-{MM}-{DD}/',
      arrival: { before: 1, after: 0 },
      ready: { minObjects: 0, quietFor: '10 seconds' },

      // An empty folder means an empty day. By default it fails the day, because it usually means that a producer is broken.
      onEmpty: 'publish',
    },
  },
};
