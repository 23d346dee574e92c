WITH
    {{template "words.sql"}},
    {{template "increases.sql" "'fivekeys_spans_received_total'"}},
    behind AS (SELECT count() AS n, max(latest) AS seconds FROM (SELECT argMax(value, at) AS latest FROM pipeline_health WHERE metric = 'fivekeys_spans_delay_seconds' AND $__timeFilter(at) GROUP BY process)),
    figures AS (
        SELECT count() AS n, sumIf(increase, label LIKE '%result=accepted%') AS accepted, sumIf(increase, label LIKE '%result=rejected%') AS rejected
        FROM increases
    )
SELECT if(figures.n = 0, 'no process that takes spans reported', joined([if(rejected = 0, 'none rejected', concat(toString(toUInt64(rejected)), ' rejected')),
        if(behind.n = 0, '', concat('tables ', human_duration(seconds), ' behind'))])) AS name,
    if(figures.n = 0, NULL, accepted) AS value, 'short' AS unit, {{grey}} AS color
FROM figures CROSS JOIN behind
