WITH
    {{template "words.sql"}},
    {{template "budget.sql"}},
    {{template "statuses.sql" "0"}},
    evaluated AS (SELECT count() AS n FROM statuses WHERE {{template "objective.sql"}}),
    figures AS (
        SELECT uniqExact(service, deployment_id) AS made, uniqExactIf((service, deployment_id), rework) AS fixes
        FROM freeze_deployments
        WHERE $__timeFilter(finished_at) AND {{template "scope.sql"}} AND {{template "objective.sql"}}
    )
SELECT multiIf(n = 0, 'no budget was evaluated in this range', made = 0, 'none while a budget was spent', fixes = 0, 'while a budget was spent',
        concat('while a budget was spent, ', counted(fixes, 'of them a fix', 'of them fixes'))) AS name,
    if(n = 0, NULL, made) AS value, 'none' AS unit,
    multiIf(n = 0, {{grey}}, made > fixes, {{colour "Medium"}}, {{colour "Elite"}}) AS color
FROM figures CROSS JOIN evaluated
