-- Calls of one service by another, per minute, counted like service_minute_facts.
CREATE TABLE IF NOT EXISTS dependency_facts {{on_cluster}} (
    caller          LowCardinality(String),
    callee          LowCardinality(String),
    minute          DateTime('UTC') CODEC(Delta, ZSTD(1)),
    partition       UInt16 CODEC(T64, ZSTD(1)),
    calls           UInt64 CODEC(T64, ZSTD(1)),
    errors          UInt64 CODEC(T64, ZSTD(1)),
    latency_buckets Array(UInt16) CODEC(Delta, ZSTD(1)),
    latency_counts  Array(UInt64) CODEC(T64, ZSTD(1)),
    sequence        UInt64 CODEC(Delta, ZSTD(1))
) ENGINE = {{engine "ReplacingMergeTree" "sequence"}}
PARTITION BY toYYYYMM(minute)
ORDER BY (toStartOfHour(minute), caller, callee, toMinute(minute), partition)
{{settings}}, index_granularity = 256
