WITH
    {{template "known.sql"}}
SELECT $__timeInterval(known_at) AS time, quantileExactInclusive(0.5)(seconds) AS median, quantileExactInclusive(0.95)(seconds) AS "95th percentile"
FROM (SELECT known_at, dateDiff('millisecond', known.time, known_at) / 1000 AS seconds FROM known)
GROUP BY time
ORDER BY time
