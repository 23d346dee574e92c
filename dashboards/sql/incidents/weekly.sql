WITH
    {{template "days.sql"}},
    {{template "weeks.sql"}},
    weekly AS (
        SELECT toInt64(intDiv(dateDiff('day', toDate(opened_at, 'UTC'), last_day), 7)) AS week,
            countIf(method != 'unattributed') AS known, countIf(method = 'unattributed') AS unknown
        FROM incidents
        WHERE production AND opened_at >= range_start AND opened_at < range_end AND {{template "scope.sql"}} AND {{template "environment.sql"}}
        GROUP BY week
    )
SELECT week_start(week) AS time, known AS attributed, unknown AS "not attributed"
FROM weeks LEFT JOIN weekly USING (week)
QUALIFY sum(known + unknown) OVER () > 0
ORDER BY time
