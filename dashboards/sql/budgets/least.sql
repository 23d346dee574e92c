WITH
    {{template "words.sql"}},
    {{template "budget.sql"}},
    {{template "statuses.sql" "0"}},
    figures AS (
        SELECT count() AS n, argMin((objective, remaining, outlook, state), remaining) AS worst
        FROM (
            SELECT objective::String AS objective, assumeNotNull(remaining_in_force) AS remaining,
                forecast(remaining_in_force, exhausted_at, at, burn_1h) AS outlook, budget_state(remaining_in_force, exhausted_at) AS state
            FROM statuses
            WHERE remaining_in_force IS NOT NULL AND {{template "objective.sql"}}
        )
    )
SELECT if(n = 0, 'no budget has data in this range', joined([worst.1, worst.3])) AS name,
    if(n = 0, NULL, worst.2) AS value, 'percentunit' AS unit, budget_colour(if(n = 0, '', worst.4)) AS color
FROM figures
