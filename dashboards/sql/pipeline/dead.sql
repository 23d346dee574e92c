WITH
    figures AS (
        SELECT count() AS n, argMax(value, at) AS letters
        FROM pipeline_health
        WHERE metric = 'fivekeys_dead_letters' AND $__timeFilter(at)
    )
SELECT multiIf(n = 0, 'no process reported in this range', letters = 0, 'none waits', 'wait for somebody to decide') AS name,
    if(n = 0, NULL, letters) AS value, 'short' AS unit, multiIf(n = 0, {{grey}}, letters > 0, {{colour "Low"}}, {{colour "Elite"}}) AS color
FROM figures
