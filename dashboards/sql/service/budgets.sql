WITH
    {{template "words.sql"}},
    {{template "budget.sql"}},
    {{template "statuses.sql" "86400"}}
SELECT objective::String AS objective, service, budget_state(remaining_in_force, exhausted_at) AS state, remaining_in_force AS share,
    if(corrected, corrected_remaining_minutes, remaining_minutes) AS time_left, burn_1h, burn_1d, forecast(remaining_in_force, exhausted_at, at, burn_1h) AS outlook
FROM statuses
ORDER BY isNull(share), share, objective
LIMIT 100
