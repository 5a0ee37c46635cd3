-- unique: day, os

-- Sessions by funnel step: viewed, added to the cart, bought. A session that crosses midnight counts on both days.
CREATE TABLE daily_funnel
(
    day      Date,
    os       LowCardinality(String),
    sessions UInt64,
    viewed   UInt64,
    added    UInt64,
    bought   UInt64
)
ENGINE = MergeTree
PARTITION BY day
ORDER BY os;

SELECT
    day,
    os,
    count() AS sessions,
    countIf(has_view) AS viewed,
    countIf(has_cart) AS added,
    countIf(has_purchase) AS bought
FROM
(
    SELECT
        day,
        os,
        session_id,
        countIf(type = 'page_view') > 0 AS has_view,
        countIf(type = 'add_to_cart') > 0 AS has_cart,
        countIf(type = 'purchase') > 0 AS has_purchase
    FROM events
    WHERE day = {day:Date}
    GROUP BY day, os, session_id
)
GROUP BY day, os;
