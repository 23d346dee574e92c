WITH
    {{template "days.sql"}},
    {{template "steps.sql"}},
    {{template "axis.sql"}},
    opened AS (
        SELECT step_of(toDate(opened_at, 'UTC')) AS step,
            countIf(restore_seconds IS NOT NULL) AS restored, countIf(acknowledge_seconds IS NOT NULL) AS acknowledged,
            quantileExactInclusiveIf(0.5)(assumeNotNull(restore_seconds), restore_seconds IS NOT NULL) AS restore,
            quantileExactInclusiveIf(0.5)(assumeNotNull(acknowledge_seconds), acknowledge_seconds IS NOT NULL) AS acknowledge
        FROM incidents
        WHERE production AND opened_at >= range_start AND opened_at < range_end AND {{template "scope.sql"}} AND {{template "environment.sql"}}
        GROUP BY step
    ),
    drawn AS (
        SELECT step_start(step) AS time, if(restored = 0, NULL, restore) AS restoring, if(acknowledged = 0, NULL, acknowledge) AS acknowledging,
            axis(greatest(maxIf(restore, restored > 0) OVER (), maxIf(acknowledge, acknowledged > 0) OVER ())) AS unit
        FROM steps LEFT JOIN opened USING (step)
        QUALIFY sum(restored + acknowledged) OVER () > 0
    )
SELECT time, concat(line.1, ', ', unit.2) AS series, line.2 / unit.1 AS value
FROM drawn ARRAY JOIN [('time to restore', restoring), ('time to acknowledge', acknowledging)] AS line
ORDER BY time, series
