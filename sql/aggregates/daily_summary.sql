-- unique: day

-- One row per day for a daily report. It reads two other models; Daybook sees that in the SQL and builds them first.
CREATE TABLE daily_summary
(
    day        Date,
    sessions   UInt64,
    orders     UInt64,
    revenue    Decimal(18, 2),
    conversion Float64 -- share of sessions with a purchase
)
ENGINE = MergeTree
PARTITION BY day
ORDER BY day;

-- LEFT JOIN, because a day without sales still has a row.
SELECT
    funnel.day AS day,
    funnel.sessions AS sessions,
    sales.orders AS orders,
    sales.revenue AS revenue,
    round(funnel.bought / funnel.sessions, 4) AS conversion
FROM
(
    SELECT day, sum(sessions) AS sessions, sum(bought) AS bought
    FROM daily_funnel
    WHERE day = {day:Date}
    GROUP BY day
) AS funnel
LEFT JOIN
(
    SELECT day, sum(orders) AS orders, sum(revenue) AS revenue
    FROM daily_sales
    WHERE day = {day:Date}
    GROUP BY day
) AS sales ON sales.day = funnel.day;
