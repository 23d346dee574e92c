CREATE OR REPLACE VIEW toil_categories {{on_cluster}} (
    team                LowCardinality(String) COMMENT 'the team',
    week                Date COMMENT 'the Monday of the week, UTC',
    category            LowCardinality(String) COMMENT 'what kind of work',
    confirmed           Bool COMMENT 'whether these were reported; false for inferred toil, which has categories of its own',
    minutes             Float64 COMMENT 'minutes done by hand',
    entries             UInt64 COMMENT 'how often it was done by hand',
    automatable_minutes Float64 COMMENT 'minutes of these that a machine could do'
) AS SELECT team, week, category, confirmed, sum(minutes) AS minutes, count() AS entries, sumIf(t.minutes, automatable) AS automatable_minutes
FROM toil AS t WHERE NOT automated
GROUP BY team, week, category, confirmed
