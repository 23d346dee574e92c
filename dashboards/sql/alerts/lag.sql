-- The least that waited within five minutes: a burst that drains is no lag.
SELECT extract(label, 'stage=([^,]*)') AS stage, min(value) AS value
FROM pipeline_health
WHERE metric = 'fivekeys_backlog_messages' AND at > now() - INTERVAL 5 MINUTE
GROUP BY stage
