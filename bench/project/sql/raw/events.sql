CREATE TABLE raw_events
(
    event_id String,
    ts       DateTime64(3, 'UTC'),
    user_id  UInt64,
    type     String,
    country  Nullable(String),
    amount   Nullable(Decimal(10, 2)),
    url      Nullable(String),
    _source  Tuple(object String, line UInt64, text String, error String)
)
ENGINE = MergeTree
ORDER BY tuple();
