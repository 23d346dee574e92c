WITH
    {{template "days.sql"}}
SELECT $__timeInterval(finished_at) AS time,
    countIf(state = 'ok') AS ok, countIf(state = 'rework') AS rework, countIf(state = 'failed') AS failed,
    countIf(state = 'rolled back') AS "rolled back", countIf(state = 'never live') AS "never live"
FROM (
    SELECT assumeNotNull(finished_at) AS finished_at, {{template "state.sql"}} AS state
    FROM deployments
    WHERE production AND deployments.finished_at >= range_start AND deployments.finished_at < range_end AND {{template "scope.sql"}} AND {{template "environment.sql"}}
)
GROUP BY time
ORDER BY time
