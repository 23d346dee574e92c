    -- The five keys of the range and of the equally long one before, pooled by the expression given; of everything if none is.
    -- Medians are of pooled durations, never of medians. Without any row there still is one of everything.
    pooled AS (
        SELECT {{if .}}{{.}}{{else}}''{{end}} AS key, argMax(team, day) AS latest_team,
            sumIf(deployments, day >= first_day) AS deployed, sumIf(deployments, day < first_day) AS deployed_before,
            sumIf(failed, day >= first_day) AS broke, sumIf(failed, day < first_day) AS broke_before,
            sumIf(rework, day >= first_day) AS reworked, sumIf(rework, day < first_day) AS reworked_before,
            sumIf(unrecovered, day >= first_day) AS still_broken,
            sumIf(length(lead_time_seconds), day >= first_day) AS leads, sumIf(length(lead_time_seconds), day < first_day) AS leads_before,
            quantileExactInclusiveArrayIf(0.5)(lead_time_seconds, day >= first_day) AS lead,
            quantileExactInclusiveArrayIf(0.5)(lead_time_seconds, day < first_day) AS lead_before,
            sumIf(length(recovery_seconds), day >= first_day) AS recoveries, sumIf(length(recovery_seconds), day < first_day) AS recoveries_before,
            quantileExactInclusiveArrayIf(0.5)(recovery_seconds, day >= first_day) AS recovery,
            quantileExactInclusiveArrayIf(0.5)(recovery_seconds, day < first_day) AS recovery_before,
            groupUniqArrayIf(toInt64(dateDiff('day', day, last_day)), deployments > 0) AS active
        FROM dora_daily
        -- A day without a deployment has nothing of these: all is booked on the days of deployments.
        WHERE day >= first_day - days AND day <= last_day AND deployments > 0 AND {{template "scope.sql"}}
        {{if .}}GROUP BY key{{end}}
    ),
    figures AS (
        SELECT *, deployed / days AS rate, deployed_before / days AS rate_before,
            broke / deployed AS fail_rate, broke_before / deployed_before AS fail_rate_before,
            reworked / deployed AS rework_rate, reworked_before / deployed_before AS rework_rate_before,
            arrayFilter(a -> a < days, active) AS active_now,
            if(notEmpty(active) AND arrayMax(active) < days, arrayMax(active) + 1, days) AS observed,
            frequency_band(active_now, observed) AS rate_band, lead_time_band(lead, leads) AS lead_band,
            fail_rate_band(fail_rate, deployed) AS failed_band, recovery_band(recovery, recoveries) AS recovered_band,
            -- A count needs no sample to be a fact; of two small ones the difference is chance all the same.
            judge(1, rate, rate_before, deployed, deployed_before, greatest(deployed, deployed_before), false) AS rate_verdict,
            judge(-1, lead, lead_before, leads, leads_before, least(leads, leads_before), false) AS lead_verdict,
            judge(-1, fail_rate, fail_rate_before, deployed, deployed_before, least(deployed, deployed_before),
                wilson_low(broke, deployed) <= fail_rate_before AND fail_rate_before <= wilson_high(broke, deployed)) AS failed_verdict,
            judge(-1, recovery, recovery_before, recoveries, recoveries_before, least(recoveries, recoveries_before), false) AS recovered_verdict,
            judge(-1, rework_rate, rework_rate_before, deployed, deployed_before, least(deployed, deployed_before),
                wilson_low(reworked, deployed) <= rework_rate_before AND rework_rate_before <= wilson_high(reworked, deployed)) AS reworked_verdict
        FROM pooled
    )
