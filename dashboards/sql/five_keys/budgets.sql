WITH
    {{template "words.sql"}},
    {{template "budget.sql"}},
    {{template "statuses.sql" "86400"}},
    figures AS (
        SELECT count() AS n, countIf(isNull(remaining_in_force)) AS unknown, countIf(remaining_in_force <= 0) AS spent,
            countIf(budget_state(remaining_in_force, exhausted_at) = 'running out') AS soon,
            argMin((objective::String, remaining_in_force), remaining_in_force) AS least
        FROM statuses
    )
SELECT multiIf(n = 0, 'no error budget is evaluated', n = unknown, 'no error budget has data',
        joined([concat(if(spent = 1, 'budget', 'budgets'), ' spent, of ', toString(n)), if(soon = 0, '', concat(toString(soon), ' running out')),
            if(unknown = 0, '', concat(toString(unknown), ' without data')), if(least.2 <= 0, '', concat('least: ', least.1, ' ', human_ratio(assumeNotNull(least.2))))])) AS name,
    if(n = unknown, NULL, spent) AS value, 'none' AS unit,
    multiIf(n = unknown, {{grey}}, spent > 0, {{colour "Low"}}, soon > 0, {{colour "Medium"}}, {{colour "Elite"}}) AS color
FROM figures
