WITH
    {{template "days.sql"}},
    {{template "steps.sql"}},
    opened AS (
        SELECT step_of(toDate(opened_at, 'UTC')) AS step, countIf(method != 'unattributed') AS known, countIf(method = 'unattributed') AS unknown
        FROM incidents
        WHERE production AND opened_at >= range_start AND opened_at < range_end AND {{template "scope.sql"}} AND {{template "environment.sql"}}
        GROUP BY step
    )
SELECT step_start(step) AS time, known AS attributed, unknown AS "not attributed"
FROM steps LEFT JOIN opened USING (step)
QUALIFY sum(known + unknown) OVER () > 0
ORDER BY time
