WITH
    {{template "words.sql"}},
    {{template "toil_weeks.sql"}}
SELECT if(category = '', 'no category', category)::String AS category, if(confirmed, 'confirmed', 'inferred') AS kind, sum(c.minutes) / 60 AS hours, sum(c.entries) AS entries,
    sum(c.minutes) * 60 / sum(c.entries) AS each, sum(c.automatable_minutes) / sum(c.minutes) AS automatable,
    arrayStringConcat(arraySort(groupUniqArray(if(team = '', 'no team', team)::String)), ', ') AS teams
FROM toil_categories AS c
WHERE week >= first_week AND week <= last_week AND {{template "toil_team.sql"}}
GROUP BY category, kind
ORDER BY kind, hours DESC, category
LIMIT 200
