WITH
    {{template "days.sql"}},
    {{template "weeks.sql"}},
    {{template "weekly.sql"}}
SELECT week_start(week) AS time, if(deployed = 0, NULL, toFloat64(deployed)) AS "deployments a week"
FROM weeks LEFT JOIN weekly USING (week)
QUALIFY sum(deployed) OVER () > 0
ORDER BY time
