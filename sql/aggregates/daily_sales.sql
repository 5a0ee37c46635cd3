-- unique: day, country

-- Sales by country. The option above is checked in every build: one row per day and country.
CREATE TABLE daily_sales
(
    day     Date,
    country LowCardinality(String),
    orders  UInt64,
    items   UInt64,
    revenue Decimal(18, 2)
)
ENGINE = MergeTree
PARTITION BY day
ORDER BY country;

-- `{day:Date}` is a ClickHouse query parameter: in a client, run `SET param_day = '2026-11-05'` first.
SELECT
    day,
    country,
    uniqExact(session_id) AS orders, -- a session has at most one checkout
    sum(quantity) AS items,
    sum(unit_price * quantity) AS revenue
FROM events
WHERE day = {day:Date} AND type = 'purchase'
GROUP BY day, country;
