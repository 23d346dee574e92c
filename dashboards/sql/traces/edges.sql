WITH
    {{template "words.sql"}},
    {{template "pace.sql"}},
    called AS (
        SELECT caller, callee, sum(d.calls) AS calls, quantileExactWeightedArray(0.95)(latency_ns, latency_counts) / 1e6 AS p95
        FROM dependency_counts AS d
        WHERE $__timeFilter(minute) AND caller != '' AND callee != ''
            AND $__conditionalAll((caller IN (${service:singlequote}) OR callee IN (${service:singlequote})), $service)
        GROUP BY caller, callee
        ORDER BY calls DESC, caller, callee
        LIMIT 300
    )
SELECT concat(caller, ' → ', callee) AS id, caller::String AS source, callee::String AS target, pace(calls) AS mainstat, human_ms(p95) AS secondarystat
FROM called
ORDER BY id
