SELECT opened_at AS time, greatest(0, dateDiff('millisecond', opened_at, now64(3, 'UTC')) / 1000) AS age, service, severity::String AS severity, title,
    acknowledged_at, {{template "brief.sql" "incidents.deployment_id"}} AS deployment_id, method::String AS method, {{template "address.sql"}} AS url
FROM incidents
WHERE production AND resolved_at IS NULL AND {{template "scope.sql"}} AND {{template "environment.sql"}}
ORDER BY time
LIMIT 200
