WITH
    {{template "days.sql"}},
    {{template "weeks.sql"}},
    {{template "weekly.sql"}}
SELECT week_start(week) AS time, if(recoveries = 0, NULL, recovery) AS "median recovery time"
FROM weeks LEFT JOIN weekly USING (week)
QUALIFY sum(recoveries) OVER () > 0
ORDER BY time
