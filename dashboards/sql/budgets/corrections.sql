WITH
    {{template "statuses.sql" "0"}},
    -- A correction names an SLO or one objective of it.
    named AS (
        SELECT objective, service, team, arrayJoin(arrayDistinct([toString(objective), toString(slo)])) AS name
        FROM slo_objectives
    ),
    made AS (SELECT slo AS name, from_time, to_time, rrule, author, reason, made_at FROM corrections WHERE from_time <= $__toTime AND (rrule != '' OR to_time >= $__fromTime)),
    figures AS (SELECT objective, remaining, corrected_remaining FROM statuses)
SELECT objective::String AS objective, from_time AS time, to_time, rrule AS repeats, reason, author::String AS author, made_at, remaining AS recorded, corrected_remaining AS as_corrected
FROM (SELECT * FROM made INNER JOIN named USING (name)) AS corrected LEFT JOIN figures USING (objective)
WHERE {{template "scope.sql"}} AND {{template "objective.sql"}}
ORDER BY time DESC, objective
LIMIT 200
