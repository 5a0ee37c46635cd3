-- lookback: 6 days
CREATE TABLE weekly_routes (day Date, routes UInt64, flights UInt64)
ENGINE = MergeTree
PARTITION BY day
ORDER BY day;

SELECT {day:Date} AS day, uniqExact(origin, destination) AS routes, count() AS flights
FROM flights;
