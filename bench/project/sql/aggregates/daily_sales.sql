-- unique: day, country
CREATE TABLE daily_sales (day Date, country LowCardinality(String), orders UInt64, revenue Decimal(18, 2))
ENGINE = MergeTree
PARTITION BY day
ORDER BY country;

SELECT day, country, count() AS orders, toDecimal64(sum(amount), 2) AS revenue
FROM events
WHERE day = {day:Date} AND type = 'purchase'
GROUP BY day, country;
