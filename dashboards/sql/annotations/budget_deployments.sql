SELECT assumeNotNull(finished_at) AS time, concat(service, ' ', {{template "version.sql"}}, ' → ', environment) AS text, 'deployment' AS tags
FROM deployments
WHERE production AND status = 'succeeded' AND $__timeFilter(finished_at) AND {{template "scope.sql"}}
    -- Of an objective chosen those of its service.
    AND $__conditionalAll(service IN (SELECT service FROM slo_objectives WHERE objective IN (${objective:singlequote})), $objective)
ORDER BY time DESC
LIMIT 500
