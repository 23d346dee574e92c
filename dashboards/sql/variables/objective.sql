SELECT objective AS name
FROM slo_objectives
WHERE {{template "scope.sql"}}
ORDER BY name
