-- unique: day
-- lookback: 6 days

-- Buyers of the last seven days, and how many of them bought on more than one day. The lookback option lets the model read six
-- earlier days of its inputs; if one of them is republished, this day is rebuilt.
CREATE TABLE weekly_buyers
(
    day       Date,
    buyers    UInt64,
    came_back UInt64
)
ENGINE = MergeTree
PARTITION BY day
ORDER BY day;

SELECT
    {day:Date} AS day,
    count() AS buyers,
    countIf(days > 1) AS came_back
FROM
(
    SELECT user_id, uniqExact(day) AS days
    FROM events
    WHERE day BETWEEN {day:Date} - 6 AND {day:Date} AND type = 'purchase' AND user_id != ''
    GROUP BY user_id
);
