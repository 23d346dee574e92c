    by_step AS (
        SELECT step_of(day) AS step, sum(deployments) AS deployed, sum(failed) AS broke, sum(rework) AS reworked,
            sumIf(deployments, service IN (SELECT service FROM services WHERE failure_signal_since IS NOT NULL)) AS told,
            sum(length(lead_time_seconds)) AS leads, quantileExactInclusiveArray(0.5)(lead_time_seconds) AS lead,
            sum(length(recovery_seconds)) AS recoveries, quantileExactInclusiveArray(0.5)(recovery_seconds) AS recovery
        FROM dora_daily
        WHERE day >= first_day AND day <= last_day AND deployments > 0 AND {{template "scope.sql"}}
        GROUP BY step
    )
