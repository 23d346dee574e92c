SELECT assumeNotNull(finished_at) AS time, service, {{template "version.sql"}} AS what, objective::String AS objective,
    if(rework, 'a fix', '') AS fix, actor::String AS actor, {{template "brief.sql" "deployment_id"}} AS deployment_id, {{template "address.sql"}} AS url
FROM freeze_deployments
WHERE $__timeFilter(finished_at) AND {{template "scope.sql"}} AND {{template "objective.sql"}}
ORDER BY time DESC, objective
LIMIT 500
