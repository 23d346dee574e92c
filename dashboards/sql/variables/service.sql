-- Of services without any figures yet, all that was told of them; looking through every change of the others takes long.
SELECT DISTINCT service AS name
FROM (
    SELECT service, team FROM dora_daily UNION ALL SELECT service, team FROM slo_objectives UNION ALL SELECT service, team FROM incidents
    UNION ALL SELECT DISTINCT service, team FROM deployments WHERE service NOT IN (SELECT service FROM dora_daily)
    UNION ALL SELECT DISTINCT service, team FROM changes WHERE service NOT IN (SELECT service FROM dora_daily)
)
WHERE $__conditionalAll(if(team = '', 'no team', team) IN (${team:singlequote}), $team)
ORDER BY name
