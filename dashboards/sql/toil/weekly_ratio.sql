WITH
    {{template "words.sql"}},
    {{template "toil_weeks.sql"}}
SELECT week_start(week) AS time, if(team = '', 'no team', team)::String AS team, ratio
FROM toil_weekly
WHERE ratio IS NOT NULL AND week >= first_week AND week <= last_week AND {{template "toil_team.sql"}}
ORDER BY time, team
