WITH
    {{template "words.sql"}},
    {{template "toil_weeks.sql"}},
    figures AS (
        SELECT countIf(minutes IS NOT NULL) AS told, countIf(ratio IS NOT NULL) AS n, sumIf(minutes, ratio IS NOT NULL) AS done, sumIf(capacity_minutes, ratio IS NOT NULL) AS capacity,
            sumIf(cap * capacity_minutes, ratio IS NOT NULL) AS allowed, sum(minutes) AS all_done, uniqExactIf(week, ratio IS NOT NULL) AS weeks
        FROM toil_weekly
        WHERE week >= first_week AND week <= last_week AND {{template "toil_team.sql"}}
            -- Toil is a team's: of the teams whose services are chosen.
            AND $__conditionalAll(team IN (SELECT team FROM services WHERE service IN (${service:singlequote})), $service)
    )
SELECT multiIf(told = 0, 'no toil is recorded in these weeks', n = 0, concat('no capacity is configured · ', human_hours(assumeNotNull(all_done)), ' of toil'),
        joined([concat('cap ', human_ratio(assumeNotNull(allowed / capacity))), concat(human_hours(assumeNotNull(done)), ' of ', human_hours(assumeNotNull(capacity))), counted(weeks, 'week', 'weeks')])) AS name,
    if(n = 0, NULL, done / capacity) AS value, 'percentunit' AS unit,
    multiIf(n = 0, {{grey}}, done > allowed, {{colour "Low"}}, {{colour "Elite"}}) AS color
FROM figures
