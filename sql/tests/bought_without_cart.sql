-- severity: warn

-- Sessions that bought with no cart that day, by a short cut or because midnight came between. That is worth a look,
-- but no reason to hold the day back.
-- With the option above, the rows are reported and the day is published.
SELECT day, session_id
FROM events
WHERE day = {day:Date}
GROUP BY day, session_id
HAVING countIf(type = 'purchase') > 0 AND countIf(type = 'add_to_cart') = 0;
