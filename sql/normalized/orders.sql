-- One row per checkout in the payment provider's records.
CREATE TABLE orders
(
    day      Date,
    ts       DateTime64(3, 'Europe/Berlin'),
    order_id String,
    user_id  String,
    country  LowCardinality(String),
    amount   Decimal(10, 2),
    status   LowCardinality(String),

    _object  String,
    _line    UInt64,

    CONSTRAINT amount_not_negative CHECK amount >= 0
)
ENGINE = MergeTree
PARTITION BY day
ORDER BY ts;

SELECT
    toDate(ts) AS day,
    ts,
    order_id,
    ifNull(user_id, '') AS user_id,
    ifNull(nullIf(upper(trimBoth(country)), ''), '??') AS country,
    amount,
    status,
    multiIf(
        currency != 'EUR', 'other currency than EUR',
        status NOT IN ('paid', 'refused'), 'unknown status',
        ''
    ) AS reject_reason,
    _source
FROM raw_orders;
