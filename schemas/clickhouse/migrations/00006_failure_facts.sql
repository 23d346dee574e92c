CREATE TABLE IF NOT EXISTS failure_facts {{on_cluster}} (
    service       LowCardinality(String),
    team          LowCardinality(String),
    deployment_id String CODEC(ZSTD(1)),
    method        LowCardinality(String),
    incident_id   String CODEC(ZSTD(1)),
    fix_id        String CODEC(ZSTD(1)),
    failed_at     DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    recovered_at  Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    recovery      Nullable(Float64) CODEC(ZSTD(1)),
    version UInt64 CODEC(ZSTD(1)),
    deleted UInt8,
    digest  UInt64 CODEC(NONE)
) ENGINE = {{engine "ReplacingMergeTree" "version, deleted"}}
ORDER BY (service, deployment_id, method, incident_id, fix_id)
{{settings}}
