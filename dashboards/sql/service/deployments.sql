WITH
    {{template "days.sql"}}
SELECT coalesce(finished_at, started_at) AS time, environment, if(version != '', version, substring(sha, 1, 12)) AS what, {{template "state.sql"}} AS state,
    changes, rework_reason::String AS rework_reason, failure_method::String AS failure_method,
    if(failed AND recovered_at IS NOT NULL, dateDiff('millisecond', finished_at, recovered_at) / 1000, NULL) AS recovery,
    joined_notes AS notes, actor::String AS actor, deployment_id, {{template "address.sql"}} AS url
FROM (
    SELECT *, arrayStringConcat(arrayFilter(n -> n != '', [if(baseline, 'baseline', ''), if(redeploy, 'redeploy', ''), if(unresolved, 'unknown commit', ''),
        if(production, '', 'not production'), if(failed AND recovered_at IS NULL, 'not recovered', '')]), ', ') AS joined_notes
    FROM deployments
)
WHERE time >= range_start AND time < range_end AND {{template "scope.sql"}} AND {{template "environment.sql"}}
ORDER BY time DESC
LIMIT 1000
