WITH
    {{template "days.sql"}},
    {{template "weeks.sql"}},
    {{template "weekly.sql"}}
SELECT week_start(week) AS time, if(leads = 0, NULL, lead) AS "median lead time"
FROM weeks LEFT JOIN weekly USING (week)
QUALIFY sum(leads) OVER () > 0
ORDER BY time
