-- As services are chosen from.
SELECT DISTINCT if(team = '', 'no team', team) AS name
FROM (
    SELECT team FROM dora_daily UNION ALL SELECT team FROM slo_objectives UNION ALL SELECT team FROM incidents
    UNION ALL SELECT team FROM deployments WHERE service NOT IN (SELECT service FROM dora_daily)
    UNION ALL SELECT team FROM changes WHERE service NOT IN (SELECT service FROM dora_daily)
)
ORDER BY name
