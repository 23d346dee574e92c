SELECT DISTINCT if(environment = '', 'not named', environment) AS name
FROM (SELECT environment FROM deployments UNION ALL SELECT environment FROM incidents)
ORDER BY name
