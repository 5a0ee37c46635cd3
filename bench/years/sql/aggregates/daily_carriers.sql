-- unique: day, carrier
CREATE TABLE daily_carriers (day Date, carrier LowCardinality(String), flights UInt64, delay Nullable(Float64))
ENGINE = MergeTree
PARTITION BY day
ORDER BY carrier;

SELECT day, carrier, count() AS flights, avg(delay) AS delay
FROM flights
WHERE day = {day:Date}
GROUP BY day, carrier;
