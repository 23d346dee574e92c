WITH
    {{template "words.sql"}},
    {{template "budget.sql"}},
    {{template "statuses.sql" "0"}}
SELECT objective::String AS objective, budget_state(remaining_in_force, exhausted_at) AS state, remaining_in_force AS share,
    if(corrected, corrected_remaining_minutes, remaining_minutes) AS time_left, forecast(remaining_in_force, exhausted_at, at, burn_1h) AS outlook,
    target, if(corrected, corrected_sli, sli) AS indicator,
    if(corrected AND remaining IS NOT NULL, joined([signed(remaining, human_ratio(abs(assumeNotNull(remaining)))),
        signed(remaining, human_duration(abs(assumeNotNull(remaining_minutes)) * 60))]), '') AS recorded,
    service, team
FROM statuses
WHERE {{template "objective.sql"}}
ORDER BY isNull(share), share, objective
LIMIT 500
