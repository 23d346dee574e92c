-- Burn-rate alerts, one row each: written when it fires and again when it is
-- over. version is twice the minute of the change, one more where it is over.
CREATE TABLE IF NOT EXISTS alert_facts {{on_cluster}} (
    objective      LowCardinality(String),
    rule           LowCardinality(String),
    started_at     DateTime('UTC') CODEC(Delta, ZSTD(1)),
    id             String CODEC(ZSTD(1)),
    slo            LowCardinality(String),
    service        LowCardinality(String),
    team           LowCardinality(String),
    severity       LowCardinality(String),
    resolved_at    Nullable(DateTime('UTC')) CODEC(ZSTD(1)),
    long_window    LowCardinality(String),
    short_window   LowCardinality(String),
    factor         Float64,
    long_burn      Float64,
    short_burn     Float64,
    minutes_left   Float64,
    runs_out_at    Nullable(DateTime('UTC')) CODEC(ZSTD(1)),
    deployment_id  String CODEC(ZSTD(1)),
    release        String CODEC(ZSTD(1)),
    deployed_at    Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    deployment_url String CODEC(ZSTD(1)),
    summary        String CODEC(ZSTD(1)),
    version        UInt64 CODEC(ZSTD(1))
) ENGINE = {{engine "ReplacingMergeTree" "version"}}
ORDER BY (objective, rule, started_at)
{{settings}}
