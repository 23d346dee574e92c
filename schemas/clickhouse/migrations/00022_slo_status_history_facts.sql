-- The statuses of every fifth minute: single ones for five weeks, those of the
-- full hours for thirteen months. Granules are small so that a range of time, of all
-- objectives, skips what lies outside it within each.
CREATE TABLE IF NOT EXISTS slo_status_history_facts {{on_cluster}} (
    objective           LowCardinality(String),
    slo                 LowCardinality(String),
    service             LowCardinality(String),
    team                LowCardinality(String),
    at                  DateTime('UTC') CODEC(Delta, ZSTD(1)),
    window_from         DateTime('UTC') CODEC(Delta, ZSTD(1)),
    window_to           DateTime('UTC') CODEC(Delta, ZSTD(1)),
    target              Float64 CODEC(ZSTD(1)),
    budgeting           LowCardinality(String),
    good                Float64 CODEC(ZSTD(1)),
    total               Float64 CODEC(ZSTD(1)),
    sli                 Nullable(Float64) CODEC(ZSTD(1)),
    remaining           Nullable(Float64) CODEC(ZSTD(1)),
    remaining_minutes   Nullable(Float64) CODEC(ZSTD(1)),
    budget_minutes      Float64 CODEC(ZSTD(1)),
    corrected           Bool,
    corrected_good      Nullable(Float64) CODEC(ZSTD(1)),
    corrected_total     Nullable(Float64) CODEC(ZSTD(1)),
    corrected_sli       Nullable(Float64) CODEC(ZSTD(1)),
    corrected_remaining Nullable(Float64) CODEC(ZSTD(1)),
    corrected_remaining_minutes Nullable(Float64) CODEC(ZSTD(1)),
    burn_windows        Array(UInt32) CODEC(ZSTD(1)),
    burn_rates          Array(Nullable(Float64)) CODEC(ZSTD(1)),
    exhausted_at        Nullable(DateTime('UTC')) CODEC(ZSTD(1)),
    methods             Array(LowCardinality(String)) CODEC(ZSTD(1)),
    method_good         Array(Float64) CODEC(ZSTD(1)),
    method_total        Array(Float64) CODEC(ZSTD(1)),
    method_sli          Array(Nullable(Float64)) CODEC(ZSTD(1)),
    method_remaining    Array(Nullable(Float64)) CODEC(ZSTD(1))
) ENGINE = {{engine "ReplacingMergeTree"}}
ORDER BY (objective, at)
TTL at + INTERVAL 35 DAY DELETE WHERE toMinute(at) != 0, at + INTERVAL 400 DAY DELETE
{{settings}}, index_granularity = 256
