SELECT $__timeInterval(minute) AS time, concat(service, ' ', operation) AS series, quantileExactWeightedArray(0.95)(latency_ns, latency_counts) / 1e6 AS p95
FROM service_counts AS m
WHERE $__timeFilter(minute) AND {{template "traced.sql"}} AND {{template "top_operations.sql"}}
GROUP BY time, series
HAVING sum(m.requests) > 0
ORDER BY time, series
