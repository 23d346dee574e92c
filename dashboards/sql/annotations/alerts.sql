SELECT started_at AS time, if(summary = '', concat(objective, ': ', rule), summary) AS text, concat('alert,', severity) AS tags
FROM alerts
WHERE $__timeFilter(started_at) AND {{template "scope.sql"}} AND {{template "objective.sql"}}
ORDER BY time DESC
LIMIT 500
