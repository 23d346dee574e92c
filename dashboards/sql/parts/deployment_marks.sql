SELECT assumeNotNull(finished_at) AS time, concat(service, ' ', {{template "version.sql"}}, ' → ', environment) AS text, joined_tags AS tags
FROM (SELECT *, arrayStringConcat(arrayFilter(t -> t != '', ['deployment', if(rollback, 'rollback', ''), if(rework, 'rework', ''), if(failed, 'failed', '')]), ',') AS joined_tags FROM deployments)
WHERE production AND status = 'succeeded' AND $__timeFilter(finished_at) AND {{template "scope.sql"}}{{if .}} AND {{template "environment.sql"}}{{end}}
ORDER BY time DESC
LIMIT 500
