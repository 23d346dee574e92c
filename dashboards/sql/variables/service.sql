SELECT DISTINCT service AS name
FROM (SELECT service, team FROM services UNION ALL SELECT service, team FROM slo_objectives)
WHERE $__conditionalAll(if(team = '', 'no team', team) IN (${team:singlequote}), $team)
ORDER BY name
