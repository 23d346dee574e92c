WITH
    {{template "words.sql"}},
    {{template "toil_weeks.sql"}},
    shown AS (
        SELECT week, if(team = '', 'no team', team)::String AS name, assumeNotNull(ratio) AS ratio, cap
        FROM (
            SELECT week, team, ratio, cap, avg(ratio) OVER (PARTITION BY team) AS mean
            FROM toil_weekly
            WHERE ratio IS NOT NULL AND week >= first_week AND week <= last_week AND {{template "toil_team.sql"}}
        )
        QUALIFY dense_rank() OVER (ORDER BY mean DESC, name) <= 10
    )
SELECT week_mark(week) AS time, name AS team, value AS ratio
FROM (
    SELECT week, name, ratio AS value FROM shown
    UNION ALL
    -- One line where all have the same cap, otherwise one for each team.
    SELECT DISTINCT week, if((SELECT uniqExact(cap) FROM shown) = 1, 'cap', concat('cap of ', name)) AS name, cap AS value FROM shown
)
ORDER BY time, team
