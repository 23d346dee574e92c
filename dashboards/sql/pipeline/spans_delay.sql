WITH
    {{template "axis.sql"}}
SELECT $__timeInterval(at) AS time, concat('behind, ', (axis(max(max(value)) OVER ()) AS unit).2) AS series, max(value) / unit.1 AS lag
FROM pipeline_health
WHERE metric = 'fivekeys_spans_delay_seconds' AND $__timeFilter(at)
GROUP BY time
ORDER BY time
