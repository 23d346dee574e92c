WITH
    greatest(60, toUnixTimestamp(least(now('UTC'), toDateTime($__toTime, 'UTC'))) - toUnixTimestamp($__fromTime)) AS lasted,
    called AS (
        SELECT caller, callee, sum(d.calls) AS calls, sum(d.errors) AS errors, quantileExactWeightedArray(0.95)(latency_ns, latency_counts) / 1e6 AS p95
        FROM service_dependencies AS d
        WHERE $__timeFilter(minute) AND caller != '' AND callee != ''
            AND $__conditionalAll(caller IN (${service:singlequote}) OR callee IN (${service:singlequote}), $service)
        GROUP BY caller, callee
        ORDER BY calls DESC, caller, callee
        LIMIT 300
    ),
    -- What a service says of itself; of one that sends no spans, what its callers say of it; of one that nobody calls, nothing.
    served AS (
        SELECT service, sum(m.requests) AS requests, sum(m.errors) AS errors, quantileExactWeightedArray(0.95)(latency_ns, latency_counts) / 1e6 AS p95
        FROM service_minutes AS m
        WHERE $__timeFilter(minute)
        GROUP BY service
    ),
    seen AS (
        SELECT callee AS service, sum(c.calls) AS requests, sum(c.errors) AS errors
        FROM called AS c
        GROUP BY service
    ),
    names AS (
        SELECT DISTINCT service
        FROM (SELECT arrayJoin([caller, callee]) AS service FROM called UNION ALL SELECT service FROM served WHERE {{template "traced.sql"}})
    )
SELECT service::String AS id, service::String AS title, multiIf(requests = 0, 'no requests known', errors = 0, 'no errors', concat(toString(round(errors / requests * 100, 1)), ' % errors')) AS subtitle,
    if(requests = 0, NULL, requests / lasted) AS mainstat, p95 AS secondarystat,
    if(requests = 0, 0, 1 - errors / requests) AS arc__ok, if(requests = 0, 0, errors / requests) AS arc__errors, if(requests = 0, 1, 0) AS arc__unknown
FROM (
    SELECT names.service AS service, if(served.requests > 0, served.requests, seen.requests) AS requests, if(served.requests > 0, served.errors, seen.errors) AS errors,
        if(served.requests > 0, served.p95, NULL) AS p95
    FROM names LEFT JOIN served ON names.service = served.service LEFT JOIN seen ON names.service = seen.service
)
ORDER BY id
