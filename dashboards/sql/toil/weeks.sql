WITH
    {{template "words.sql"}},
    {{template "toil_weeks.sql"}},
    burns AS (
        SELECT team, week, maxIf(burn, window = '1w') AS burn_1w, maxIf(burn, window = '4w') AS burn_4w
        FROM toil_burn
        WHERE week >= first_week AND week <= last_week
        GROUP BY team, week
    )
SELECT week_start(week) AS time, team, multiIf(isNull(minutes), 'no data', isNull(capacity_minutes), 'no capacity', minutes_left < 0, 'over the cap', 'under the cap') AS state,
    minutes / 60 AS hours, entries, capacity_minutes / 60 AS capacity, ratio, cap, minutes_left / 60 AS hours_left,
    if(isNull(ratio), NULL, burn_1w) AS week_burn, if(isNull(ratio), NULL, burn_4w) AS month_burn, if(inferred_entries = 0, NULL, inferred_minutes / 60) AS inferred, automated_minutes / 60 AS automated
FROM (
    SELECT if(team = '', 'no team', team)::String AS team, week, minutes, capacity_minutes, cap, ratio, minutes_left, entries, inferred_entries, inferred_minutes, automated_minutes, burn_1w, burn_4w
    FROM toil_weekly LEFT JOIN burns USING (team, week)
)
WHERE week >= first_week AND week <= last_week AND {{template "toil_team.sql"}}
ORDER BY time DESC, ratio DESC NULLS LAST, team
LIMIT 500
