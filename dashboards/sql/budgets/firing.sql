WITH
    {{template "words.sql"}},
    {{template "budget.sql"}},
    {{template "statuses.sql" "0"}},
    evaluated AS (SELECT count() AS n FROM statuses WHERE {{template "objective.sql"}}),
    figures AS (
        SELECT countIf(severity = 'page') AS pages, count() - pages AS tickets
        FROM alerts
        WHERE started_at <= $__toTime AND (resolved_at IS NULL OR resolved_at > $__toTime) AND {{template "scope.sql"}} AND {{template "objective.sql"}}
    )
SELECT multiIf(n = 0, 'no budget was evaluated in this range', pages + tickets = 0, 'none fires',
        joined([if(pages = 0, '', counted(pages, 'page', 'pages')), if(tickets = 0, '', counted(tickets, 'ticket', 'tickets'))])) AS name,
    if(n = 0, NULL, pages + tickets) AS value, 'none' AS unit,
    multiIf(n = 0, {{grey}}, pages > 0, {{colour "Low"}}, tickets > 0, {{colour "Medium"}}, {{colour "Elite"}}) AS color
FROM figures CROSS JOIN evaluated
