-- Four weeks against the cap, 1 is exactly at it; a team that recorded nothing for two weeks says nothing.
SELECT team, argMax(burn, week) AS value
FROM toil_burn
WHERE window = '4w' AND week >= toMonday(toDate(now(), 'UTC')) - 14
GROUP BY team
