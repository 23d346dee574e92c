CREATE OR REPLACE VIEW toil_burn {{on_cluster}} (
    team              LowCardinality(String) COMMENT 'the team; of those whose capacity is configured',
    week              Date COMMENT 'the Monday of the last week of the window, UTC',
    window            LowCardinality(String) COMMENT 'the length of the window: 1w or 4w; weeks without data are left out of it',
    target            Float64 COMMENT 'the share of the capacity that is to be free of toil: 1 − cap; of 4w weighted by capacity',
    minutes           Float64 COMMENT 'confirmed toil in the window: what an SLO calls bad',
    capacity_minutes  Float64 COMMENT 'capacity in the window: what an SLO calls total',
    budget_minutes    Float64 COMMENT 'the toil allowed: capacity × (1 − target)',
    burn              Float64 COMMENT '(bad ÷ total) ÷ (1 − target): 1 is exactly at the cap, 2 twice as much',
    remaining         Float64 COMMENT '1 − burn: the share of the allowed toil left; below 0 where the cap is exceeded',
    remaining_minutes Float64 COMMENT 'the minutes left under the cap; below 0 where it is exceeded'
) AS
SELECT team, week, sums.1 AS window, 1 - sums.4 / sums.3 AS target, sums.2 AS minutes, sums.3 AS capacity_minutes, sums.4 AS budget_minutes,
    minutes / budget_minutes AS burn, 1 - burn AS remaining, budget_minutes - minutes AS remaining_minutes
FROM (
    SELECT team, week, assumeNotNull(w.minutes) AS bad, assumeNotNull(w.capacity_minutes) AS total, total * cap AS allowed,
        sum(bad) OVER month AS bad4, sum(total) OVER month AS total4, sum(allowed) OVER month AS allowed4
    FROM toil_weekly AS w
    WHERE isNotNull(w.minutes) AND isNotNull(w.capacity_minutes)
    WINDOW month AS (PARTITION BY team ORDER BY toInt32(week) RANGE BETWEEN 21 PRECEDING AND CURRENT ROW)
)
ARRAY JOIN [('1w', bad, total, allowed), ('4w', bad4, total4, allowed4)] AS sums
