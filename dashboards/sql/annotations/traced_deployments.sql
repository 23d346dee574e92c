SELECT assumeNotNull(finished_at) AS time, concat(service, ' ', if(version != '', version, substring(sha, 1, 8)), ' → ', environment) AS text,
    'deployment' AS tags
FROM deployments
WHERE production AND status = 'succeeded' AND $__timeFilter(finished_at) AND {{template "traced.sql"}}
ORDER BY time DESC
LIMIT 500
