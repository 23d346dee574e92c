WITH
    {{template "days.sql"}},
    {{template "steps.sql"}},
    {{template "axis.sql"}},
    {{template "by_step.sql"}}
SELECT step_start(step) AS time, concat('median lead time, ', (axis(maxIf(lead, leads > 0) OVER ()) AS unit).2) AS series, if(leads = 0, NULL, lead / unit.1) AS value
FROM steps LEFT JOIN by_step USING (step)
QUALIFY sum(leads) OVER () > 0
ORDER BY time
