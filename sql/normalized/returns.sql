-- One row per returned parcel.
CREATE TABLE returns
(
    day       Date,
    ts        DateTime64(3, 'Europe/Berlin'),
    return_id String,
    order_id  String,
    amount    Decimal(10, 2),
    reason    LowCardinality(String),

    CONSTRAINT amount_not_negative CHECK amount >= 0
)
ENGINE = MergeTree
PARTITION BY day
ORDER BY ts;

SELECT
    toDate(ts) AS day,
    ts,
    return_id,
    order_id,
    amount,
    lower(ifNull(reason, 'unknown')) AS reason,
    _source
FROM raw_returns;
