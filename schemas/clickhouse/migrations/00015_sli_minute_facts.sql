-- What spans counted for an objective, per minute: absolute counts of one
-- partition of the span stream, up to and including the message "sequence". A
-- message at or below it adds nothing again. A week that is over becomes one part,
-- whose rows need no look for newer ones: reading 50 million minutes is four times
-- as fast.
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
PARTITION BY toMonday(minute)
ORDER BY (objective, minute, release, partition)
{{settings}}, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1
