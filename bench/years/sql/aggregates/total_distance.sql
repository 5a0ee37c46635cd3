-- lookback: 1 day
CREATE TABLE total_distance (day Date, distance UInt64)
ENGINE = MergeTree
PARTITION BY day
ORDER BY day;

SELECT {day:Date} AS day, sum(distance) AS distance
FROM
(
    SELECT distance FROM total_distance
    UNION ALL
    SELECT toUInt64(distance) FROM flights AS total_distance WHERE day = {day:Date}
);
