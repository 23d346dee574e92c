SELECT assumeNotNull(finished_at) AS time, concat(service, ' ', {{template "version.sql"}}, ' → ', environment) AS text,
    'deployment' AS tags
FROM deployments
WHERE production AND status = 'succeeded' AND $__timeFilter(finished_at) AND {{template "traced.sql"}}
ORDER BY time DESC
LIMIT 500
