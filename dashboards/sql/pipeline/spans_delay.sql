SELECT $__timeInterval(at) AS time, max(value) AS behind
FROM pipeline_health
WHERE metric = 'fivekeys_spans_delay_seconds' AND $__timeFilter(at)
GROUP BY time
ORDER BY time
