-- No step of the funnel may have more sessions than the total.
SELECT day, os, sessions, viewed, added, bought
FROM daily_funnel
WHERE day = {day:Date} AND greatest(viewed, added, bought) > sessions;
