WITH
    {{template "days.sql"}}
SELECT coalesce(finished_at, started_at) AS time, service, environment, {{template "version.sql"}} AS what, {{template "state.sql"}} AS state,
    changes, joined_notes AS notes, if(failed AND recovered_at IS NOT NULL, dateDiff('millisecond', finished_at, recovered_at) / 1000, NULL) AS recovery,
    actor::String AS actor, {{template "brief.sql" "deployments.deployment_id"}} AS deployment_id, {{template "address.sql"}} AS url
FROM (
    SELECT *, arrayStringConcat(arrayFilter(n -> n != '', [if(production, '', 'not production'), if(rework_reason = '', '', concat('rework by ', rework_reason)),
        if(failure_method = '', '', concat('failed by ', failure_method)), if(failed AND recovered_at IS NULL, 'not recovered', ''), if(baseline, 'baseline', ''),
        if(redeploy, 'redeploy', ''), if(unresolved, 'unknown commit', '')]), ', ') AS joined_notes
    FROM deployments
) AS deployments
WHERE time >= range_start AND time < range_end AND {{template "scope.sql"}} AND {{template "environment.sql"}}
ORDER BY time DESC
LIMIT 1000
