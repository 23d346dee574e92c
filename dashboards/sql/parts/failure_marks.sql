SELECT assumeNotNull(finished_at) AS time, concat(service, ' ', {{template "version.sql"}}, ' broke ', environment) AS text,
    concat('failed,', failure_method) AS tags
FROM deployments
WHERE production AND failed AND (service, deployment_id) IN (
    SELECT service, deployment_id
    FROM failures
    WHERE $__timeFilter(failed_at) AND {{template "scope.sql"}}
    GROUP BY service, deployment_id
    ORDER BY max(failed_at) DESC
    LIMIT 500
){{if .}} AND {{template "environment.sql"}}{{end}}
ORDER BY time DESC
