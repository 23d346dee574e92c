-- What spans counted for an objective, per minute: absolute counts of one
-- partition of the span stream, up to and including the message "sequence". A
-- message at or below it adds nothing again.
CREATE TABLE IF NOT EXISTS sli_minute_facts {{on_cluster}} (
    objective  LowCardinality(String),
    minute     DateTime('UTC') CODEC(Delta, ZSTD(1)),
    release    LowCardinality(String),
    partition  UInt16,
    good       UInt64 CODEC(T64, ZSTD(1)),
    total      UInt64 CODEC(T64, ZSTD(1)),
    sequence   UInt64 CODEC(Delta, ZSTD(1)),
    written_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)),
    INDEX written written_at TYPE minmax GRANULARITY 1
) ENGINE = {{engine "ReplacingMergeTree" "sequence"}}
ORDER BY (objective, minute, release, partition)
{{settings}}
