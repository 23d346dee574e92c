SELECT time, quantiles[1] / 1e6 AS p50, quantiles[2] / 1e6 AS p95, quantiles[3] / 1e6 AS p99
FROM (
    SELECT $__timeInterval(minute) AS time, quantilesExactWeightedArray(0.5, 0.95, 0.99)(latency_ns, latency_counts) AS quantiles
    FROM service_counts
    WHERE $__timeFilter(minute) AND {{template "traced.sql"}} AND {{template "operation.sql"}}
    GROUP BY time
    HAVING sum(requests) > 0
)
ORDER BY time
