WITH
    {{template "words.sql"}},
    {{template "toil_weeks.sql"}},
    sums AS (
        SELECT category::String AS category, sum(c.minutes) AS minutes, sum(c.entries) AS entries
        FROM toil_categories AS c
        WHERE confirmed AND week >= first_week AND week <= last_week AND {{template "toil_team.sql"}}
        GROUP BY category
    ),
    figures AS (SELECT count() AS n, argMax((category, s.minutes, s.entries), s.minutes) AS top, sum(s.minutes) AS whole FROM sums AS s)
SELECT if(n = 0 OR whole = 0, 'no toil is recorded in these weeks', joined([if(top.1 = '', 'no category', top.1), concat(human_ratio(top.2 / whole), ' of all toil'), counted(top.3, 'time', 'times')])) AS name,
    if(n = 0 OR whole = 0, NULL, round(top.2 / 60, 1)) AS value, 'suffix:h' AS unit, 1 AS decimals, {{grey}} AS color
FROM figures
