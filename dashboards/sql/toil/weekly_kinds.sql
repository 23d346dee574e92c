WITH
    {{template "words.sql"}},
    {{template "toil_weeks.sql"}}
SELECT week_mark(week) AS time, sum(minutes) / 60 AS confirmed, sum(inferred_minutes) / 60 AS inferred, sum(automated_minutes) / 60 AS "done by a machine"
FROM toil_weekly
WHERE week >= first_week AND week <= last_week AND {{template "toil_team.sql"}}
GROUP BY time
ORDER BY time
