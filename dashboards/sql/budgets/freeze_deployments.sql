SELECT assumeNotNull(finished_at) AS time, service, if(version != '', version, substring(sha, 1, 12)) AS what, objective::String AS objective,
    if(rework, 'a fix', '') AS fix, actor::String AS actor, deployment_id, {{template "address.sql"}} AS url
FROM freeze_deployments
WHERE $__timeFilter(finished_at) AND {{template "scope.sql"}} AND {{template "objective.sql"}}
ORDER BY time DESC, objective
LIMIT 500
