// The example project: the clickstream of a small shop in Berlin. `npm run demo` fills it with five days.
// Every field has a default but `project`, the bucket and the prefixes; what stands here is what a shop would think about.

export default {
  // Leads every queue, workflow id and ledger row. Lower case, digits and `_`.
  project: 'shop',

  // A day is a calendar day in this zone. Columns with a time carry the same zone, because `toDate` follows the column.
  timezone: 'Europe/Berlin',

  // The first day that should exist; earlier days are never missed.
  start: '2026-11-05',

  // When last night's run starts, in the zone above. Between 00:00 and 03:00 daylight saving can skip or repeat it.
  schedule: '30 4 * * *',

  // The database that readers query.
  database: 'analytics',

  // Raw events lie in the bucket; Daybook keeps its own normalized copy of them under `normalized`.
  store: { bucket: 'shop-data', normalized: 'daybook/', keepNormalized: '30 days' },

  sources: {
    // One feed of raw events. Its files are sql/raw/events.sql and sql/normalized/events.sql.
    events: {
      // One folder a date. The web servers cut folders at midnight UTC, which is 01:00 in Berlin in winter …
      prefix: 'raw/events/dt={YYYY}-{MM}-{DD}/',
      folderZone: 'UTC',
      // … so the first hour of a Berlin day lies in the folder of the day before: read one folder around the day.
      arrival: { before: 1, after: 1 },

      // JSON lines; compression is known by the extension (`.gz`, `.zst`).
      format: 'ndjson',

      // The nightly run waits until this many objects lie in the folder of the day, and none was written lately. A demo has
      // no ten minutes; your servers have.
      ready: { minObjects: 3, quietFor: '10 seconds' },

      // Servers send again when in doubt. Rows that agree in these columns are one row.
      dedupeBy: ['event_id'],

      // More rejected lines than this share of the day's folder fail the day, before anything is published.
      maxRejects: '2%',
    },

    // What the payment provider tells of each checkout: the same project reads JSON lines and Parquet side by side.
    orders: {
      prefix: 'raw/orders/dt={YYYY}-{MM}-{DD}/',
      folderZone: 'UTC',
      arrival: { before: 1, after: 0 },

      // Columns are found by name. More of them, fewer, or other types than yesterday: the contract decides row by row.
      format: 'parquet',

      // The provider puts this object last: the night waits for it. With `deadline: '09:00'` it would give up then.
      ready: { marker: '_SUCCESS' },

      dedupeBy: ['order_id'],

      // A share needs many lines to mean something; a number of lines does not.
      maxRejects: 3,
    },

    // What came back by parcel. On most days nothing does.
    returns: {
      prefix: 'raw/returns/dt={YYYY}-{MM}-{DD}/',
      arrival: { before: 1, after: 0 },
      ready: { minObjects: 0, quietFor: '10 seconds' },

      // An empty folder is an empty day. The default is to fail, because silence is more often a broken pipe.
      onEmpty: 'publish',
    },
  },
};
