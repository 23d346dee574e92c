CREATE OR REPLACE VIEW slo_methods {{on_cluster}} (
    objective LowCardinality(String) COMMENT 'the objective''s key',
    slo       LowCardinality(String) COMMENT 'its SLO',
    service   LowCardinality(String) COMMENT 'the service',
    team      LowCardinality(String) COMMENT 'its team, by the catalogue',
    at        DateTime('UTC') COMMENT 'the minute evaluated; data before it is included',
    budgeting LowCardinality(String) COMMENT 'the method: Occurrences, Timeslices or RatioTimeslices',
    chosen    Bool COMMENT 'whether the objective is budgeted by it',
    good      Float64 COMMENT 'good events, good slices, or the sum of the slices'' ratios; in force, so without what corrections exclude',
    total     Float64 COMMENT 'events, or slices with traffic',
    sli       Nullable(Float64) COMMENT 'good / total; null: no data',
    remaining Nullable(Float64) COMMENT 'share of the budget that would be left under this method'
) AS SELECT objective, slo, service, team, at, m.1 AS budgeting, m.1 = facts.budgeting AS chosen, m.2 AS good, m.3 AS total, m.4 AS sli, m.5 AS remaining
FROM slo_status_facts AS facts FINAL ARRAY JOIN arrayZip(methods, method_good, method_total, method_sli, method_remaining) AS m
