-- severity: warn
-- tolerate: 2 rows

-- Sessions that bought without a cart that day, for example because they crossed midnight. With the options above, up to two
-- rows are tolerated; more are reported as a warning, and the day is still published.
SELECT day, session_id
FROM events
WHERE day = {day:Date}
GROUP BY day, session_id
HAVING countIf(type = 'purchase') > 0 AND countIf(type = 'add_to_cart') = 0;
