WITH
    {{template "words.sql"}},
    {{template "budget.sql"}},
    {{template "statuses.sql" "0"}}
SELECT objective::String AS objective, service, team, budget_state(remaining_in_force, exhausted_at) AS state, target, if(corrected, corrected_sli, sli) AS indicator,
    remaining_in_force AS share, if(corrected, corrected_remaining_minutes, remaining_minutes) AS time_left,
    forecast(remaining_in_force, exhausted_at, at, burn_1h) AS outlook, if(corrected, remaining, NULL) AS recorded, if(corrected, remaining_minutes, NULL) AS recorded_left,
    at AS time
FROM statuses
WHERE {{template "objective.sql"}}
ORDER BY isNull(share), share, objective
LIMIT 500
