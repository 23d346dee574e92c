WITH
    {{template "words.sql"}},
    {{template "toil_weeks.sql"}},
    rows AS (
        SELECT week, minutes_left, max(week) OVER () AS newest FROM toil_weekly
        WHERE week >= first_week AND week <= last_week AND minutes_left IS NOT NULL AND {{template "toil_team.sql"}}
    ),
    figures AS (
        SELECT count() AS n, max(week) AS last, sum(minutes_left) AS unspent, countIf(minutes_left < 0) AS exceeded
        FROM rows
        WHERE week = newest
    )
SELECT if(n = 0, 'no team with a capacity recorded toil', joined([concat('week of ', toString(last)), if(exceeded = 0, counted(n, 'team', 'teams'),
        concat(toString(exceeded), ' of ', counted(n, 'team', 'teams'), ' over the cap'))])) AS name,
    if(n = 0, NULL, round(unspent / 60, 1)) AS value, 'suffix:h' AS unit, 1 AS decimals,
    multiIf(n = 0, {{grey}}, exceeded > 0, {{colour "Low"}}, {{colour "Elite"}}) AS color
FROM figures
