WITH
    {{template "days.sql"}}
SELECT opened_at AS time, dateDiff('millisecond', opened_at, as_of) / 1000 AS age, service, severity::String AS severity, title,
    acknowledged_at, deployment_id, method::String AS method, {{template "address.sql"}} AS url
FROM incidents
WHERE production AND resolved_at IS NULL AND opened_at < range_end AND {{template "scope.sql"}} AND {{template "environment.sql"}}
ORDER BY time
LIMIT 200
