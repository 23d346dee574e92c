-- Requests, errors and latency of a service's operations, per minute: absolute
-- counts of one partition of the span stream, up to and including the message
-- "sequence". A message at or below it adds nothing again. Buckets of latency are
-- schemas.Histogram's. Granules are small: an hour of all services reads that hour
-- of each, and not its days.
CREATE TABLE IF NOT EXISTS service_minute_facts {{on_cluster}} (
    service         LowCardinality(String),
    minute          DateTime('UTC') CODEC(Delta, ZSTD(1)),
    operation       LowCardinality(String),
    kind            LowCardinality(String),
    partition       UInt16 CODEC(T64, ZSTD(1)),
    requests        UInt64 CODEC(T64, ZSTD(1)),
    errors          UInt64 CODEC(T64, ZSTD(1)),
    latency_buckets Array(UInt16) CODEC(Delta, ZSTD(1)),
    latency_counts  Array(UInt64) CODEC(T64, ZSTD(1)),
    sequence        UInt64 CODEC(Delta, ZSTD(1)),
    INDEX minutes minute TYPE minmax GRANULARITY 1
) ENGINE = {{engine "ReplacingMergeTree" "sequence"}}
PARTITION BY toYYYYMM(minute)
ORDER BY (service, minute, operation, kind, partition)
{{settings}}, index_granularity = 256
