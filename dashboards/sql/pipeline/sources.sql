WITH
    least(now64(3, 'UTC'), toDateTime64($__toTime, 3, 'UTC')) AS as_of,
    {{template "arrivals.sql" "$__timeFilter"}},
    gaps AS (
        SELECT source, way, received_at, row_number() OVER w AS place, dateDiff('millisecond', lagInFrame(received_at) OVER w, received_at) / 1000 AS gap
        FROM arrivals
        WHERE {{template "source.sql"}}
        WINDOW w AS (PARTITION BY source, way ORDER BY received_at ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
    )
SELECT source, way, count() AS arrivals, max(received_at) AS last, greatest(0, dateDiff('millisecond', last, as_of) / 1000) AS silent,
    if(count() = 1, NULL, quantileExactInclusiveIf(0.5)(gap, place > 1)) AS usual_gap, if(count() = 1, NULL, maxIf(gap, place > 1)) AS longest_gap,
    if(count() = 1, NULL, argMaxIf(received_at, gap, place > 1)) AS longest_gap_ended
FROM gaps
GROUP BY source, way
ORDER BY silent DESC, source
LIMIT 200
