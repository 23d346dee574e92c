WITH
    {{template "days.sql"}},
    {{template "ground.sql"}},
    {{template "steps.sql"}},
    {{template "by_step.sql"}}
SELECT step_start(step) AS time, if(deployed = 0 AND (isNull(ground) OR step_start(step) + step_days * 86400 <= ground), NULL, toFloat64(deployed)) AS deployments
FROM steps LEFT JOIN by_step USING (step)
QUALIFY countIf(deployed > 0 OR ground IS NOT NULL) OVER () > 0
ORDER BY time
