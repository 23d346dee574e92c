WITH
    {{template "days.sql"}},
    told AS (SELECT service, incident_id, any(title) AS incident, any({{template "address.sql"}}) AS url FROM incidents WHERE {{template "scope.sql"}} GROUP BY service, incident_id)
SELECT failed_at AS time, service, {{template "brief.sql" "failures.deployment_id"}} AS deployment_id, method::String AS method, incident, incident_id,
    {{template "brief.sql" "failures.fix_id"}} AS fix_id, recovered_at, recovery_seconds, url
FROM failures LEFT JOIN told USING (service, incident_id)
WHERE failed_at >= range_start AND failed_at < range_end AND {{template "scope.sql"}}
ORDER BY time DESC, method
LIMIT 500
