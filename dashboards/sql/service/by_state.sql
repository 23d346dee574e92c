SELECT $__timeInterval(finished_at) AS time,
    countIf(state = 'ok') AS ok, countIf(state = 'rework') AS rework, countIf(state = 'failed') AS failed,
    countIf(state = 'rolled back') AS "rolled back", countIf(state = 'never live') AS "never live"
FROM (
    SELECT assumeNotNull(finished_at) AS finished_at, {{template "state.sql"}} AS state
    FROM deployments
    WHERE deployments.finished_at IS NOT NULL AND $__timeFilter(deployments.finished_at) AND {{template "scope.sql"}} AND {{template "environment.sql"}}
)
GROUP BY time
ORDER BY time
