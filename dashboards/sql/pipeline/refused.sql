WITH
    {{template "words.sql"}},
    {{template "increases.sql" "'fivekeys_ingest_requests_total', 'fivekeys_span_requests_total'"}},
    {{template "outcomes.sql"}},
    figures AS (
        SELECT count() AS n, sum(increase) AS requests, sumIf(increase, bad) AS refused, arrayStringConcat(arrayMap(o -> replaceAll(o, '_', ' '), topKWeightedIf(2)(outcome, toUInt64(increase), bad AND increase > 0)), ', ') AS most
        FROM outcomes
    )
SELECT multiIf(n = 0, 'no process reported in this range', refused = 0, concat('of ', counted(toUInt64(requests), 'request', 'requests')), concat('of ', counted(toUInt64(requests), 'request', 'requests'), ' · ', most)) AS name,
    if(n = 0, NULL, refused) AS value, 'short' AS unit, multiIf(n = 0, {{grey}}, refused > 0, {{colour "Medium"}}, {{colour "Elite"}}) AS color
FROM figures
