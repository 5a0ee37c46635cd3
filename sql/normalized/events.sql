-- One row per valid raw line. The SELECT works row by row, and its columns are matched to the table's by name.
CREATE TABLE events
(
    day        Date,
    ts         DateTime64(3, 'Europe/Berlin'),
    event_id   UUID,
    type       LowCardinality(String),
    session_id String,
    user_id    String,
    country    LowCardinality(String),
    product_id LowCardinality(String),
    unit_price Decimal(10, 2),
    quantity   UInt8,
    os         LowCardinality(String),
    browser    LowCardinality(String),
    tags       Array(String),

    -- Optional: the raw line that a row comes from. Daybook fills both.
    _object    String,
    _line      UInt64,

    -- A row that breaks a constraint is rejected with the constraint's name as the reason.
    CONSTRAINT price_not_negative CHECK unit_price >= 0
)
ENGINE = MergeTree
PARTITION BY day
ORDER BY (type, ts);

SELECT
    toDate(ts) AS day, -- the Berlin day, because `ts` has that zone
    ts,
    event_id,
    lower(trimBoth(event_type)) AS type,
    session_id,
    ifNull(user_id, '') AS user_id,
    ifNull(nullIf(upper(trimBoth(country)), ''), '??') AS country, -- ' de' and 'DE' are the same country
    ifNull(product_id, '') AS product_id,
    ifNull(price, 0) AS unit_price,
    ifNull(quantity, 1) AS quantity,
    ifNull(device.os, 'other') AS os,
    ifNull(device.browser, 'other') AS browser,
    arrayMap(tag -> lower(tag), tags) AS tags,

    -- A line with a skip reason is left out on purpose: it is counted, but is neither a row nor a reject.
    if(browser ILIKE '%bot%', 'bot', '') AS skip_reason,

    -- A line with a reject reason is invalid: it is kept with the reason, and `daybook rejects` shows it.
    multiIf(
        type NOT IN ('page_view', 'add_to_cart', 'purchase'), 'unknown type',
        type = 'purchase' AND price IS NULL, 'purchase without price',
        ''
    ) AS reject_reason,

    _source
FROM raw_events;
