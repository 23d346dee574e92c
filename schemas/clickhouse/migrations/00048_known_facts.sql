-- Since when what is known of each service: the ground of its figures. One row
-- for each service, folded with its other facts.
CREATE TABLE IF NOT EXISTS known_facts {{on_cluster}} (
    service              LowCardinality(String),
    team                 LowCardinality(String),
    known_since          Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    deployed_since       Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    changes_since        Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    failure_signal_since Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    version UInt64 CODEC(ZSTD(1)),
    deleted UInt8,
    digest  UInt64 CODEC(NONE)
) ENGINE = {{engine "ReplacingMergeTree" "version, deleted"}}
ORDER BY service
{{settings}}
