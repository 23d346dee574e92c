    -- The five keys of the range and of the equally long one before, pooled by the expression given; of everything if none is.
    -- Medians are of pooled durations, never of medians. Without any row there still is one of everything.
    -- Since when what is known: without it there is no figure, which is something else than 0.
    grounds AS (
        SELECT {{if .}}{{.}}{{else}}''{{end}} AS key, any(team) AS latest_team, min(known_since) AS known, min(deployed_since) AS deployed_first,
            min(failure_signal_since) AS failures_told, count() AS of_services, countIf(known_since <= before_start) AS compared
        FROM services
        WHERE known_since < range_end AND {{template "scope.sql"}}
        {{if .}}GROUP BY key{{end}}
    ),
    -- Compared are the services that were known before the range before began, in both ranges (… _like and … _before): a service
    -- that is new here makes nobody faster.
    pooled AS (
        WITH
            service IN (SELECT service FROM services WHERE known_since <= before_start) AS long_known,
            service IN (SELECT service FROM services WHERE failure_signal_since IS NOT NULL) AS tells,
            day >= first_day AS is_now, is_now AND long_known AS is_like, NOT is_now AND long_known AS is_before
        SELECT {{if .}}{{.}}{{else}}''{{end}} AS key,
            sumIf(deployments, is_now) AS deployed, sumIf(deployments, is_like) AS deployed_like, sumIf(deployments, is_before) AS deployed_before,
            sumIf(deployments, is_now AND tells) AS told,
            sumIf(failed, is_now) AS broke, sumIf(failed, is_like) AS broke_like, sumIf(failed, is_before) AS broke_before,
            sumIf(rework, is_now) AS reworked, sumIf(rework, is_like) AS reworked_like, sumIf(rework, is_before) AS reworked_before,
            sumIf(unrecovered, is_now) AS still_broken,
            sumIf(length(lead_time_seconds), is_now) AS leads, sumIf(length(lead_time_seconds), is_like) AS leads_like,
            sumIf(length(lead_time_seconds), is_before) AS leads_before,
            quantileExactInclusiveArrayIf(0.5)(lead_time_seconds, is_now) AS lead, quantileExactInclusiveArrayIf(0.5)(lead_time_seconds, is_like) AS lead_like,
            quantileExactInclusiveArrayIf(0.5)(lead_time_seconds, is_before) AS lead_before,
            sumIf(length(recovery_seconds), is_now) AS recoveries, sumIf(length(recovery_seconds), is_like) AS recoveries_like,
            sumIf(length(recovery_seconds), is_before) AS recoveries_before,
            quantileExactInclusiveArrayIf(0.5)(recovery_seconds, is_now) AS recovery, quantileExactInclusiveArrayIf(0.5)(recovery_seconds, is_like) AS recovery_like,
            quantileExactInclusiveArrayIf(0.5)(recovery_seconds, is_before) AS recovery_before
        FROM dora_daily
        -- A day without a deployment has nothing of these: all is booked on the days of deployments.
        WHERE day >= first_day - days AND day <= last_day AND deployments > 0 AND {{template "scope.sql"}}
        {{if .}}GROUP BY key{{end}}
    ),
    paces AS (
        SELECT key, groupArray((ago, n)) AS per_day
        FROM (
            SELECT {{if .}}{{.}}{{else}}''{{end}} AS key, toInt64(dateDiff('day', day, last_day)) AS ago, sum(deployments) AS n
            FROM dora_daily
            WHERE day >= first_day AND day <= last_day AND deployments > 0 AND {{template "scope.sql"}}
            GROUP BY key, ago
        )
        GROUP BY key
    ),
    figures AS (
        SELECT *,
            -- Of a service of which nobody has told a deployment there is no frequency; of one that has stopped there is one of 0.
            if(isNull(known) OR isNull(deployed_first) OR deployed_first >= range_end, 0,
                dateDiff('day', greatest(first_day, toDate(assumeNotNull(known), 'UTC')), last_day) + 1) AS known_days,
            if(known_days = 0, NULL, deployed / known_days) AS rate, deployed_like / days AS rate_like, deployed_before / days AS rate_before,
            -- Where nobody could have told that a deployment failed there is no fail rate.
            if(told = 0, NULL, broke / deployed) AS fail_rate, broke_like / deployed_like AS fail_rate_like, broke_before / deployed_before AS fail_rate_before,
            reworked / deployed AS rework_rate, reworked_like / deployed_like AS rework_rate_like, reworked_before / deployed_before AS rework_rate_before,
            frequency_band(per_day, known_days) AS rate_band, lead_time_band(lead, leads) AS lead_band,
            -- Judged by the deployments of which somebody could have told.
            fail_rate_band(broke / told, told) AS failed_band, recovery_band(recovery, recoveries) AS recovered_band,
            -- A count needs no sample to be a fact; of two small ones the difference is chance all the same.
            judge(1, rate_like, rate_before, least(compared, known_days), compared, greatest(deployed_like, deployed_before), false) AS rate_verdict,
            judge(-1, lead_like, lead_before, leads_like, leads_before, least(leads_like, leads_before), false) AS lead_verdict,
            if(isNull(failures_told) OR failures_told > before_start, '',
                judge(-1, fail_rate_like, fail_rate_before, deployed_like, deployed_before, least(deployed_like, deployed_before),
                    wilson_low(broke_like, deployed_like) <= fail_rate_before AND fail_rate_before <= wilson_high(broke_like, deployed_like))) AS failed_verdict,
            judge(-1, recovery_like, recovery_before, recoveries_like, recoveries_before, least(recoveries_like, recoveries_before), false) AS recovered_verdict,
            judge(-1, rework_rate_like, rework_rate_before, deployed_like, deployed_before, least(deployed_like, deployed_before),
                wilson_low(reworked_like, deployed_like) <= rework_rate_before AND rework_rate_before <= wilson_high(reworked_like, deployed_like)) AS reworked_verdict,
            -- How each has changed, in words.
            change_words(rate_like, rate_before, rate_verdict) AS rate_change, change_words(lead_like, lead_before, lead_verdict) AS lead_change,
            change_words(fail_rate_like, fail_rate_before, failed_verdict) AS failed_change,
            change_words(recovery_like, recovery_before, recovered_verdict) AS recovered_change,
            change_words(rework_rate_like, rework_rate_before, reworked_verdict) AS reworked_change,
            -- Why nothing is compared.
            if(isNull(known) OR compared > 0, '', concat('known since ', toString(toDate(assumeNotNull(known), 'UTC')))) AS young
        FROM grounds
        LEFT JOIN pooled USING (key)
        LEFT JOIN paces USING (key)
    )
