WITH
    {{template "words.sql"}},
    {{template "toil_weeks.sql"}},
    figures AS (
        SELECT sum(inferred_entries) AS n, sum(inferred_minutes) AS minutes
        FROM toil_weekly
        WHERE week >= first_week AND week <= last_week AND {{template "toil_team.sql"}}
    )
SELECT if(n = 0, 'no toil was inferred in these weeks', joined([counted(n, 'entry', 'entries'), 'in no ratio'])) AS name,
    if(n = 0, NULL, round(minutes / 60, 1)) AS value, 'suffix:h' AS unit, 1 AS decimals, {{grey}} AS color
FROM figures
