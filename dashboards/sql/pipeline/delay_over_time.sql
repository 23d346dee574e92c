WITH
    {{template "axis.sql"}},
    {{template "known.sql"}},
    late AS (
        SELECT $__timeInterval(known_at) AS time, quantilesExactInclusive(0.5, 0.95)(seconds) AS quantiles, axis(max(quantiles[2]) OVER ()) AS unit
        FROM (SELECT known_at, dateDiff('millisecond', known.time, known_at) / 1000 AS seconds FROM known)
        GROUP BY time
    )
SELECT time, concat(line.1, ', ', unit.2) AS series, line.2 / unit.1 AS value
FROM late ARRAY JOIN [('median', quantiles[1]), ('95th percentile', quantiles[2])] AS line
ORDER BY time, series
