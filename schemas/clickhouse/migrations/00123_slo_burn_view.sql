CREATE OR REPLACE VIEW slo_burn {{on_cluster}} (
    objective      LowCardinality(String) COMMENT 'the objective''s key',
    slo            LowCardinality(String) COMMENT 'its SLO',
    service        LowCardinality(String) COMMENT 'the service',
    team           LowCardinality(String) COMMENT 'its team, by the catalogue',
    at             DateTime('UTC') COMMENT 'the minute evaluated; data before it is included',
    window_seconds UInt32 COMMENT 'the look-back, seconds; the longest is the objective''s own window',
    rate           Nullable(Float64) COMMENT 'burn rate, in force: (bad / total) / (1 - target); null: no data'
) AS SELECT objective, slo, service, team, at, burn.1 AS window_seconds, burn.2 AS rate
FROM slo_status_facts FINAL ARRAY JOIN arrayZip(burn_windows, burn_rates) AS burn
