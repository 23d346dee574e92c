SELECT assumeNotNull(finished_at) AS time, concat(service, ' ', if(version != '', version, substring(sha, 1, 8)), ' broke ', environment) AS text,
    concat('failed,', failure_method) AS tags
FROM deployments
WHERE production AND failed AND $__timeFilter(finished_at) AND {{template "scope.sql"}}
ORDER BY time DESC
LIMIT 500
