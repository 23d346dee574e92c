WITH
    {{template "days.sql"}},
    {{template "weeks.sql"}},
    weekly AS (
        SELECT toInt64(intDiv(dateDiff('day', toDate(opened_at, 'UTC'), last_day), 7)) AS week,
            countIf(restore_seconds IS NOT NULL) AS restored, countIf(acknowledge_seconds IS NOT NULL) AS acknowledged,
            quantileExactInclusiveIf(0.5)(assumeNotNull(restore_seconds), restore_seconds IS NOT NULL) AS restore,
            quantileExactInclusiveIf(0.5)(assumeNotNull(acknowledge_seconds), acknowledge_seconds IS NOT NULL) AS acknowledge
        FROM incidents
        WHERE production AND opened_at >= range_start AND opened_at < range_end AND {{template "scope.sql"}} AND {{template "environment.sql"}}
        GROUP BY week
    )
SELECT week_start(week) AS time, if(restored = 0, NULL, restore) AS "time to restore", if(acknowledged = 0, NULL, acknowledge) AS "time to acknowledge"
FROM weeks LEFT JOIN weekly USING (week)
QUALIFY sum(restored + acknowledged) OVER () > 0
ORDER BY time
