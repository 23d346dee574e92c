SELECT max(value) AS value
FROM pipeline_health
WHERE metric = 'fivekeys_dead_letters' AND at > now() - INTERVAL 5 MINUTE
HAVING count() > 0
