WITH
    {{template "days.sql"}},
    {{template "steps.sql"}},
    {{template "axis.sql"}},
    {{template "by_step.sql"}}
SELECT step_start(step) AS time, concat('median recovery time, ', (axis(maxIf(recovery, recoveries > 0) OVER ()) AS unit).2) AS series,
    if(recoveries = 0, NULL, recovery / unit.1) AS value
FROM steps LEFT JOIN by_step USING (step)
QUALIFY sum(recoveries) OVER () > 0
ORDER BY time
