WITH
    greatest(60, toUnixTimestamp(least(now('UTC'), toDateTime($__toTime, 'UTC'))) - toUnixTimestamp($__fromTime)) AS lasted
SELECT service, operation, kind, requests / lasted AS rate, requests, errors / requests AS error_ratio, quantiles[1] / 1e6 AS p50, quantiles[2] / 1e6 AS p95, quantiles[3] / 1e6 AS p99
FROM (
    SELECT service, operation::String AS operation, kind::String AS kind, sum(m.requests) AS requests, sum(m.errors) AS errors,
        quantilesExactWeightedArray(0.5, 0.95, 0.99)(latency_ns, latency_counts) AS quantiles
    FROM service_counts AS m
    WHERE $__timeFilter(minute) AND {{template "traced.sql"}} AND {{template "operation.sql"}}
    GROUP BY service, operation, kind
)
WHERE requests > 0
ORDER BY requests DESC, service, operation, kind
LIMIT 500
