    -- What counters grew by between two samples. A counter that fell began again with its process.
    increases AS (
        SELECT at, metric, label, if(place = 1, 0, if(value < before, value, value - before)) AS increase
        FROM (
            SELECT at, metric, label, value, row_number() OVER w AS place, lagInFrame(value) OVER w AS before
            FROM pipeline_health
            WHERE metric IN ({{.}}) AND $__timeFilter(at)
            WINDOW w AS (PARTITION BY process, metric, label ORDER BY at ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
        )
    )
