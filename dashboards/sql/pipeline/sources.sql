WITH
    least(now64(3, 'UTC'), toDateTime64($__toTime, 3, 'UTC')) AS as_of,
    arrivals AS (
        SELECT source, received_at, row_number() OVER w AS place, dateDiff('millisecond', lagInFrame(received_at) OVER w, received_at) / 1000 AS gap
        FROM deliveries
        WHERE $__timeFilter(received_at) AND {{template "source.sql"}}
        WINDOW w AS (PARTITION BY source ORDER BY received_at ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
    )
SELECT source::String AS source, count() AS deliveries, max(received_at) AS last, greatest(0, dateDiff('millisecond', last, as_of) / 1000) AS silent,
    if(count() = 1, NULL, quantileExactInclusiveIf(0.5)(gap, place > 1)) AS usual_gap, if(count() = 1, NULL, maxIf(gap, place > 1)) AS longest_gap,
    if(count() = 1, NULL, argMaxIf(received_at, gap, place > 1)) AS longest_gap_ended
FROM arrivals
GROUP BY source
ORDER BY silent DESC, source
LIMIT 200
