SELECT $__timeInterval(known_at) AS time, quantileExactInclusive(0.5)(seconds) AS median, quantileExactInclusive(0.95)(seconds) AS "95th percentile"
FROM (
    SELECT known_at, dateDiff('millisecond', events.time, known_at) / 1000 AS seconds
    FROM events
    WHERE $__timeFilter(known_at) AND {{template "source.sql"}}
)
GROUP BY time
ORDER BY time
