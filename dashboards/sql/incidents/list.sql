WITH
    {{template "days.sql"}}
SELECT opened_at AS time, service, severity::String AS severity, title, acknowledge_seconds, restore_seconds,
    if(method = 'unattributed', 'not attributed', 'attributed') AS state, method::String AS method, {{template "brief.sql" "incidents.deployment_id"}} AS deployment_id, {{template "address.sql"}} AS url
FROM incidents
WHERE production AND opened_at >= range_start AND opened_at < range_end AND {{template "scope.sql"}} AND {{template "environment.sql"}}
ORDER BY time DESC
LIMIT 1000
