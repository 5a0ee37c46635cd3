-- A test selects rows that must not exist. If it finds one, the day is not published.
-- This one computes the sales again, directly from the events, and compares them by country.
SELECT country, sold, reported
FROM
(
    SELECT country, sum(unit_price * quantity) AS sold
    FROM events
    WHERE day = {day:Date} AND type = 'purchase'
    GROUP BY country
) AS counted
FULL JOIN
(
    SELECT country, sum(revenue) AS reported
    FROM daily_sales
    WHERE day = {day:Date}
    GROUP BY country
) AS published USING (country)
WHERE sold != reported;
