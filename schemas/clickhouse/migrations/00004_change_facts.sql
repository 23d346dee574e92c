CREATE TABLE IF NOT EXISTS change_facts {{on_cluster}} (
    service          LowCardinality(String),
    team             LowCardinality(String),
    sha              String CODEC(ZSTD(1)),
    pull_request     UInt32 CODEC(ZSTD(1)),
    title            String CODEC(ZSTD(1)),
    author           LowCardinality(String),
    first_commit_at  Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    committed_at     Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    opened_at        Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    first_review_at  Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    merged_at        Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    deployed_at      Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    deployment_id    String CODEC(ZSTD(1)),
    last_deployed_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    lead_time        Nullable(Float64) CODEC(ZSTD(1)),
    coding           Nullable(Float64) CODEC(ZSTD(1)),
    pickup           Nullable(Float64) CODEC(ZSTD(1)),
    review           Nullable(Float64) CODEC(ZSTD(1)),
    deploy           Nullable(Float64) CODEC(ZSTD(1)),
    excluded         LowCardinality(String),
    known_at         DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    version UInt64 CODEC(ZSTD(1)),
    deleted UInt8,
    digest  UInt64 CODEC(NONE)
) ENGINE = {{engine "ReplacingMergeTree" "version, deleted"}}
ORDER BY (service, sha)
{{settings}}
