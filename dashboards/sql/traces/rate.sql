SELECT $__timeInterval(minute) AS time, concat(service, ' ', operation) AS series, sum(m.requests) / $__interval_s AS rate
FROM service_counts AS m
WHERE $__timeFilter(minute) AND {{template "traced.sql"}} AND {{template "top_operations.sql"}}
GROUP BY time, series
ORDER BY time, series
