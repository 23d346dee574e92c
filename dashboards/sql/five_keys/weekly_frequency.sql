WITH
    {{template "days.sql"}},
    {{template "ground.sql"}},
    {{template "weeks.sql"}},
    {{template "weekly.sql"}}
SELECT week_start(week) AS time, if(deployed = 0 AND (isNull(ground) OR week_start(week) + 7 * 86400 <= ground), NULL, toFloat64(deployed)) AS "deployments a week"
FROM weeks LEFT JOIN weekly USING (week)
QUALIFY countIf(deployed > 0 OR ground IS NOT NULL) OVER () > 0
ORDER BY time
