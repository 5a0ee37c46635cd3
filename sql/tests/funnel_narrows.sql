-- No step of the funnel may hold more sessions than there were.
SELECT day, os, sessions, viewed, added, bought
FROM daily_funnel
WHERE day = {day:Date} AND greatest(viewed, added, bought) > sessions;
