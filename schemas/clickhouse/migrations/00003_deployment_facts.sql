-- Facts are rows keyed by identity. version is the number of events they were
-- folded from, so a fold over more events replaces one over fewer; digest is a
-- hash of the row, so that only rows that differ are written. Granules are small: a
-- service has hundreds of rows here, not thousands.
CREATE TABLE IF NOT EXISTS deployment_facts {{on_cluster}} (
    service        LowCardinality(String),
    team           LowCardinality(String),
    environment    LowCardinality(String),
    production     Bool,
    deployment_id  String CODEC(ZSTD(1)),
    sha            String CODEC(ZSTD(1)),
    release        String CODEC(ZSTD(1)),
    status         LowCardinality(String),
    started_at     Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    finished_at    Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    changes        UInt32,
    baseline       Bool,
    unresolved     Bool,
    redeploy       Bool,
    rollback       Bool,
    rework         Bool,
    rework_reason  LowCardinality(String),
    failed         Bool,
    failure_method LowCardinality(String),
    recovered_at   Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    url            String CODEC(ZSTD(1)),
    actor          LowCardinality(String),
    known_at       DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    version UInt64 CODEC(ZSTD(1)),
    deleted UInt8,
    digest  UInt64 CODEC(NONE)
) ENGINE = {{engine "ReplacingMergeTree" "version, deleted"}}
ORDER BY (service, deployment_id)
{{settings}}, index_granularity = 1024
