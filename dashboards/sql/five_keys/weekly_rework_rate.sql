WITH
    {{template "days.sql"}},
    {{template "weeks.sql"}},
    {{template "weekly.sql"}}
SELECT week_start(week) AS time, if(deployed = 0, NULL, reworked / deployed) AS "rework rate"
FROM weeks LEFT JOIN weekly USING (week)
QUALIFY sum(deployed) OVER () > 0
ORDER BY time
