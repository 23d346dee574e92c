WITH
    greatest(60, toUnixTimestamp(least(now('UTC'), toDateTime($__toTime, 'UTC'))) - toUnixTimestamp($__fromTime)) AS lasted,
    called AS (
        SELECT caller, callee, sum(d.calls) AS calls, sum(d.errors) AS errors, quantileExactWeightedArray(0.95)(latency_ns, latency_counts) / 1e6 AS p95
        FROM dependency_counts AS d
        WHERE $__timeFilter(minute) AND caller != '' AND callee != ''
            AND $__conditionalAll((caller IN (${service:singlequote}) OR callee IN (${service:singlequote})), $service)
        GROUP BY caller, callee
        ORDER BY calls DESC, caller, callee
        LIMIT 300
    )
SELECT concat(caller, ' → ', callee) AS id, caller::String AS source, callee::String AS target, calls / lasted AS mainstat, p95 AS secondarystat
FROM called
ORDER BY id
