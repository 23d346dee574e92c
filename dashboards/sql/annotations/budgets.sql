SELECT at AS time, if(summary = '', concat(objective, ': ', state), summary) AS text, concat('budget,', state) AS tags
FROM budget_events
WHERE $__timeFilter(at) AND {{template "scope.sql"}} AND {{template "objective.sql"}}
ORDER BY time DESC
LIMIT 500
