SELECT $__timeInterval(minute) AS time, concat(service, ' ', operation) AS series, sum(m.errors) / sum(m.requests) AS errors
FROM service_counts AS m
WHERE $__timeFilter(minute) AND {{template "traced.sql"}} AND {{template "top_operations.sql"}}
GROUP BY time, series
HAVING sum(m.requests) > 0
ORDER BY time, series
