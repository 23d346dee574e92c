WITH
    {{template "days.sql"}},
    {{template "steps.sql"}},
    {{template "by_step.sql"}}
SELECT step_start(step) AS time, if(told = 0, NULL, broke / deployed) AS "fail rate"
FROM steps LEFT JOIN by_step USING (step)
QUALIFY sum(told) OVER () > 0
ORDER BY time
