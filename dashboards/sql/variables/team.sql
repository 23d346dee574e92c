SELECT DISTINCT if(team = '', 'no team', team) AS name
FROM (SELECT team FROM deployments UNION ALL SELECT team FROM changes UNION ALL SELECT team FROM incidents UNION ALL SELECT team FROM slo_objectives)
ORDER BY name
