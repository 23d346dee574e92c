CREATE OR REPLACE VIEW toil_weekly {{on_cluster}} (
    team              LowCardinality(String) COMMENT 'the team',
    week              Date COMMENT 'the Monday of the week, UTC',
    minutes           Nullable(Float64) COMMENT 'confirmed toil done by hand; 0 in a week without any between a team''s first and last entry, null where the team recorded nothing yet or no more',
    automated_minutes Nullable(Float64) COMMENT 'confirmed entries that a machine does by now; in no ratio',
    entries           Nullable(UInt64) COMMENT 'how many confirmed entries minutes is made of',
    inferred_minutes  Float64 COMMENT 'inferred toil, an assumption per kind; in no ratio',
    inferred_entries  UInt64 COMMENT 'how many inferred entries',
    capacity_minutes  Nullable(Float64) COMMENT 'the team''s working minutes that week by the configuration of the time; null where none is configured',
    cap               Float64 COMMENT 'the share of the capacity that toil may take',
    ratio             Nullable(Float64) COMMENT 'minutes ÷ capacity_minutes',
    minutes_left      Nullable(Float64) COMMENT 'cap × capacity_minutes − minutes; below 0 where the cap is exceeded'
) AS
SELECT team, week, if(recorded, done, NULL) AS minutes, if(recorded, machine, NULL) AS automated_minutes, if(recorded, n, NULL) AS entries,
    assumed AS inferred_minutes, assumed_n AS inferred_entries,
    nullIf(if(named, own_capacity, common_capacity), 0) AS capacity_minutes,
    -- Before a process has written the configuration's rules there are none.
    multiIf(named, own_cap, common, common_cap, 0.5) AS cap,
    minutes / capacity_minutes AS ratio,
    cap * capacity_minutes - minutes AS minutes_left
FROM (
    SELECT team, row.1 AS week, sum(row.2) AS done, sum(row.3) AS machine, sum(row.4) AS n, sum(row.5) AS assumed, sum(row.6) AS assumed_n,
        max(row.7) AS recorded, '' AS nobody
    FROM (
        SELECT team, arrayConcat(
            groupArray((week, done, machine, n, assumed, assumed_n, false)),
            -- The weeks from the first to the last in which the team recorded something.
            arrayMap(d -> (toDate(d), 0., 0., toUInt64(0), 0., toUInt64(0), true),
                if(countIf(n + machine_n > 0) = 0, [],
                    range(toInt32(minIf(week, n + machine_n > 0)), toInt32(maxIf(week, n + machine_n > 0)) + 1, 7)))) AS rows
        FROM (
            SELECT team, week, sumIf(minutes, confirmed AND NOT automated) AS done, sumIf(minutes, confirmed AND automated) AS machine,
                countIf(confirmed AND NOT automated) AS n, countIf(confirmed AND automated) AS machine_n,
                sumIf(minutes, NOT confirmed) AS assumed, countIf(NOT confirmed) AS assumed_n
            FROM toil GROUP BY team, week
        )
        GROUP BY team
    )
    ARRAY JOIN rows AS row
    GROUP BY team, week
) AS w
ASOF LEFT JOIN (
    SELECT team AS own_team, valid_from AS own_from, own AS named, capacity_minutes AS own_capacity, cap AS own_cap
    FROM toil_rules FINAL WHERE team != ''
) AS o ON w.team = o.own_team AND w.week >= o.own_from
ASOF LEFT JOIN (
    SELECT team AS common_team, valid_from AS common_from, own AS common, capacity_minutes AS common_capacity, cap AS common_cap
    FROM toil_rules FINAL WHERE team = ''
) AS c ON w.nobody = c.common_team AND w.week >= c.common_from
