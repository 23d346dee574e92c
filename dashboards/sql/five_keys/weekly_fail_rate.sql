WITH
    {{template "days.sql"}},
    {{template "weeks.sql"}},
    {{template "weekly.sql"}}
SELECT week_start(week) AS time, if(told = 0, NULL, broke / deployed) AS "fail rate"
FROM weeks LEFT JOIN weekly USING (week)
QUALIFY sum(told) OVER () > 0
ORDER BY time
