SELECT opened_at AS time, concat(service, ': ', title) AS text,
    arrayStringConcat(arrayFilter(t -> t != '', ['incident', severity::String, method::String]), ',') AS tags
FROM incidents
WHERE production AND $__timeFilter(opened_at) AND {{template "scope.sql"}}{{if .}} AND {{template "environment.sql"}}{{end}}
ORDER BY time DESC
LIMIT 500
