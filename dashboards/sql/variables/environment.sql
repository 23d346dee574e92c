SELECT DISTINCT if(environment = '', 'not named', environment) AS name
FROM (SELECT arrayJoin(environments) AS environment FROM services)
ORDER BY name
