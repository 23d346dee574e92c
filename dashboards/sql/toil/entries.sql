WITH
    {{template "words.sql"}},
    {{template "toil_weeks.sql"}}
SELECT time, if(team = '', 'no team', team)::String AS team, if(confirmed, 'confirmed', 'inferred') AS kind, category::String AS category, title, minutes * 60 AS lasted, service,
    if(automated, 'done by a machine', if(automatable, 'could be', '')) AS automation,
    if(why != '', why, concat('told by ', source, if(trigger = '', '', concat(', set off by ', trigger)))) AS why, {{template "address.sql"}} AS url
FROM toil
WHERE week >= first_week AND week <= last_week AND {{template "toil_team.sql"}}
ORDER BY time DESC, team, url
LIMIT 1000
