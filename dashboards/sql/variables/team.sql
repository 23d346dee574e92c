SELECT DISTINCT if(team = '', 'no team', team) AS name
FROM (SELECT team FROM deployments UNION ALL SELECT team FROM changes UNION ALL SELECT team FROM incidents)
ORDER BY name
