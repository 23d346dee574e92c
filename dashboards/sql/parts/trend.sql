    -- Deployments by step as bars, as the report draws them: against 0 and the largest, a dot where there is none.
    (counts) -> arrayStringConcat(arrayMap(n -> if(n = 0, '·', substringUTF8('▁▂▃▄▅▆▇█', toUInt8(round(n / arrayMax(counts) * 7)) + 1, 1)), counts)) AS bars,
    least(12, intDiv(days, step_days)) AS shown_steps,
    trends AS (
        SELECT {{.}} AS key, sumMap([toUInt64(step_of(day))], [toUInt64(deployments)]) AS by_step,
            bars(arrayMap(s -> if(has(by_step.1, s), by_step.2[indexOf(by_step.1, s)], 0), reverse(range(toUInt64(shown_steps))))) AS trend
        FROM dora_daily
        WHERE day >= first_day AND day <= last_day AND deployments > 0 AND {{template "scope.sql"}}
        GROUP BY key
    )
