-- severity: warn
-- tolerate: 2 rows

-- Sessions that bought with no cart that day, by a short cut or because midnight came between. One or two
-- are nothing; more are worth a look, but no reason to hold the day back.
-- With the options above, more than two rows are reported, and the day is published all the same.
SELECT day, session_id
FROM events
WHERE day = {day:Date}
GROUP BY day, session_id
HAVING countIf(type = 'purchase') > 0 AND countIf(type = 'add_to_cart') = 0;
