-- unique: day
CREATE TABLE daily_users (day Date, users UInt64, events UInt64)
ENGINE = MergeTree
PARTITION BY day
ORDER BY day;

SELECT day, uniqExact(user_id) AS users, count() AS events
FROM events
WHERE day = {day:Date}
GROUP BY day;
