WITH
    {{template "words.sql"}},
    {{template "budget.sql"}},
    {{template "statuses.sql" "0"}},
    figures AS (
        SELECT count() AS n, countIf(isNull(remaining_in_force)) AS unknown, countIf(remaining_in_force <= 0) AS spent,
            countIf(budget_state(remaining_in_force, exhausted_at) = 'running out') AS soon
        FROM statuses
        WHERE {{template "objective.sql"}}
    )
SELECT multiIf(n = 0, 'no budget was evaluated in this range', n = unknown, 'no budget has data',
        joined([concat('of ', counted(n, 'budget', 'budgets')), if(soon = 0, '', concat(toString(soon), ' running out')), if(unknown = 0, '', concat(toString(unknown), ' without data'))])) AS name,
    if(n = unknown, NULL, spent) AS value, 'none' AS unit,
    multiIf(n = unknown, {{grey}}, spent > 0, {{colour "Low"}}, soon > 0, {{colour "Medium"}}, {{colour "Elite"}}) AS color
FROM figures
