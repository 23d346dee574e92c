CREATE TABLE IF NOT EXISTS incident_facts {{on_cluster}} (
    service         LowCardinality(String),
    team            LowCardinality(String),
    incident_id     String CODEC(ZSTD(1)),
    source          LowCardinality(String),
    severity        LowCardinality(String),
    title           String CODEC(ZSTD(1)),
    environment     LowCardinality(String),
    production      Bool,
    opened_at       DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    acknowledged_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    resolved_at     Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    restore         Nullable(Float64) CODEC(ZSTD(1)),
    acknowledge     Nullable(Float64) CODEC(ZSTD(1)),
    deployment_id   String CODEC(ZSTD(1)),
    method          LowCardinality(String),
    url             String CODEC(ZSTD(1)),
    known_at        DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    version UInt64 CODEC(ZSTD(1)),
    deleted UInt8,
    digest  UInt64 CODEC(NONE)
) ENGINE = {{engine "ReplacingMergeTree" "version, deleted"}}
ORDER BY (service, incident_id)
{{settings}}
