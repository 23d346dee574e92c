-- As services are chosen from.
SELECT DISTINCT if(team = '', 'no team', team) AS name
FROM (SELECT team FROM services UNION ALL SELECT team FROM slo_objectives)
ORDER BY name
