-- The objectives as they are defined today, written when an evaluation starts:
-- what counts and statuses are joined with. One that is gone is deleted.
CREATE TABLE IF NOT EXISTS slo_objective_facts {{on_cluster}} (
    objective     LowCardinality(String),
    slo           LowCardinality(String),
    display_name  String CODEC(ZSTD(1)),
    description   String CODEC(ZSTD(1)),
    service       LowCardinality(String),
    team          LowCardinality(String),
    target        Float64,
    budgeting     LowCardinality(String),
    slice_seconds UInt32,
    slice_target  Float64,
    time_window   String CODEC(ZSTD(1)),
    window_seconds UInt32,
    reported      Bool,
    parts         Array(String) CODEC(ZSTD(1)),
    weights       Array(Float64) CODEC(ZSTD(1)),
    alerts        String CODEC(ZSTD(1)),
    definition    String CODEC(ZSTD(1)),
    written_at    DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)),
    deleted       UInt8
) ENGINE = {{engine "ReplacingMergeTree" "written_at" "deleted"}}
ORDER BY objective
{{settings}}
