WITH
    {{template "words.sql"}},
    {{template "toil_weeks.sql"}}
SELECT week_start(week) AS time, name AS team, ratio
FROM (
    SELECT week, if(team = '', 'no team', team)::String AS name, ratio, avg(ratio) OVER (PARTITION BY team) AS mean
    FROM toil_weekly
    WHERE ratio IS NOT NULL AND week >= first_week AND week <= last_week AND {{template "toil_team.sql"}}
)
QUALIFY dense_rank() OVER (ORDER BY mean DESC, name) <= 10
ORDER BY time, team
