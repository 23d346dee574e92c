SELECT DISTINCT if(team = '', 'no team', team) AS name
FROM toil
ORDER BY name
