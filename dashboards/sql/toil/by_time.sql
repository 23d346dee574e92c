WITH
    {{template "words.sql"}},
    {{template "toil_weeks.sql"}}
SELECT if(category = '', 'no category', category)::String AS name, sum(c.minutes) / 60 AS value
FROM toil_categories AS c
WHERE confirmed AND week >= first_week AND week <= last_week AND {{template "toil_team.sql"}}
GROUP BY name
HAVING value > 0
ORDER BY value DESC, name
LIMIT 10
