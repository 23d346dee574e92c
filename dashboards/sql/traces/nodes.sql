WITH
    {{template "words.sql"}},
    {{template "pace.sql"}},
    called AS (
        SELECT caller, callee, sum(d.calls) AS calls, sum(d.errors) AS errors
        FROM dependency_counts AS d
        WHERE $__timeFilter(minute) AND caller != '' AND callee != ''
            AND $__conditionalAll((caller IN (${service:singlequote}) OR callee IN (${service:singlequote})), $service)
        GROUP BY caller, callee
        ORDER BY calls DESC, caller, callee
        LIMIT 300
    ),
    -- What its callers say of a service, and what it says of itself.
    told AS (
        SELECT (arrayJoin([(caller, 0, 0), (callee, calls, errors)]) AS side).1 AS service, true AS shown, 0 AS own, 0 AS own_errors, NULL AS own_p95, side.2 AS others, side.3 AS others_errors
        FROM called
        UNION ALL
        SELECT service, {{template "traced.sql"}} AS shown, sum(m.requests) AS own, sum(m.errors) AS own_errors,
            quantileExactWeightedArray(0.95)(latency_ns, latency_counts) / 1e6 AS own_p95, 0 AS others, 0 AS others_errors
        FROM service_counts AS m
        WHERE $__timeFilter(minute)
            -- Of one service with its neighbours it is those alone.
            AND $__conditionalAll((service IN (${service:singlequote}) OR service IN (SELECT arrayJoin([caller, callee]) FROM called)), $service)
        GROUP BY service
    )
SELECT service::String AS id, service::String AS title,
    multiIf(nothing, 'between services', requests = 0, 'no requests known', errors = 0, 'no errors', concat(human_ratio(errors / requests), ' errors')) AS subtitle,
    if(requests = 0, '', pace(requests)) AS mainstat, if(isNull(p95), '', human_ms(assumeNotNull(p95))) AS secondarystat,
    if(requests = 0, 0, 1 - errors / requests) AS arc__ok, if(requests = 0, 0, errors / requests) AS arc__errors, if(requests = 0, 1, 0) AS arc__unknown
FROM (
    -- Of one that sends no spans what its callers say; of one that nobody calls either, nothing.
    SELECT service, if(sum(own) > 0, sum(own), sum(others)) AS requests, if(sum(own) > 0, sum(own_errors), sum(others_errors)) AS errors,
        if(sum(own) > 0, max(own_p95), NULL) AS p95, false AS nothing
    FROM told
    WHERE service != ''
    GROUP BY service
    HAVING max(shown)
    UNION ALL
    -- Grafana has no words for a graph without nodes, and a node's title is short.
    SELECT 'no call in this range' AS service, 0 AS requests, 0 AS errors, NULL AS p95, true AS nothing
)
QUALIFY NOT nothing OR count() OVER () = 1
ORDER BY id
