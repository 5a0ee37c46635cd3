CREATE TABLE events
(
    day      Date,
    ts       DateTime64(3, 'UTC'),
    event_id String,
    user_id  UInt64,
    type     LowCardinality(String),
    country  LowCardinality(String),
    amount   Decimal(10, 2),
    url      String,
    CONSTRAINT amount_not_negative CHECK amount >= 0
)
ENGINE = MergeTree
PARTITION BY day
ORDER BY (type, ts);

SELECT
    toDate(ts) AS day,
    ts,
    event_id,
    user_id,
    type,
    ifNull(country, '??') AS country,
    ifNull(amount, 0) AS amount,
    ifNull(url, '') AS url,
    _source
FROM raw_events;
