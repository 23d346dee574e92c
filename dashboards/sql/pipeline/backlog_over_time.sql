SELECT $__timeInterval(at) AS time, extract(label, '(?:^|,)stage=([^,]*)') AS stage, max(value) AS messages
FROM pipeline_health
WHERE metric = 'fivekeys_backlog_messages' AND $__timeFilter(at)
GROUP BY time, stage
ORDER BY time, stage
