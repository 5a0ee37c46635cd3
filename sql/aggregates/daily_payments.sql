-- unique: day

-- What the shop sold, compared with the payment provider's records. If `open` is not 0, some records are missing.
CREATE TABLE daily_payments
(
    day      Date,
    orders   UInt64,
    sold     Decimal(18, 2), -- from events
    paid     Decimal(18, 2), -- from orders
    refused  Decimal(18, 2),
    open     Decimal(18, 2),
    returned Decimal(18, 2) -- returned that day, regardless of when it was sold
)
ENGINE = MergeTree
PARTITION BY day
ORDER BY day;

SELECT
    provider.day AS day,
    provider.orders AS orders,
    shop.sold AS sold,
    provider.paid AS paid,
    provider.refused AS refused,
    shop.sold - provider.paid - provider.refused AS open,
    parcels.returned AS returned
FROM
(
    SELECT day, count() AS orders, sumIf(amount, status = 'paid') AS paid, sumIf(amount, status = 'refused') AS refused
    FROM orders
    WHERE day = {day:Date}
    GROUP BY day
) AS provider
LEFT JOIN
(
    SELECT day, sum(unit_price * quantity) AS sold
    FROM events
    WHERE day = {day:Date} AND type = 'purchase'
    GROUP BY day
) AS shop ON shop.day = provider.day
LEFT JOIN
(
    SELECT day, sum(amount) AS returned
    FROM returns
    WHERE day = {day:Date}
    GROUP BY day
) AS parcels ON parcels.day = provider.day;
