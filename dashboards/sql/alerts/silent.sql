SELECT dateDiff('second', max(at), now('UTC')) AS value
FROM pipeline_health
WHERE at > now() - INTERVAL 1 DAY
HAVING count() > 0
