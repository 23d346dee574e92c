-- Requests, errors and latency of a service's operations, per minute: absolute
-- counts of one partition of the span stream, up to and including the message
-- "sequence". A message at or below it adds nothing again. Buckets of latency are
-- schemas.Histogram's. The hour comes first: an hour of all services is one piece,
-- and what is over meets no newer rows, so that FINAL has nothing to merge there;
-- a service's day is still 24 small granules. The minute is the one of the hour:
-- were it the column itself, the index would look for a range there and not in hours.
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
    sequence        UInt64 CODEC(Delta, ZSTD(1))
) ENGINE = {{engine "ReplacingMergeTree" "sequence"}}
PARTITION BY toYYYYMM(minute)
ORDER BY (toStartOfHour(minute), service, toMinute(minute), operation, kind, partition)
{{settings}}, index_granularity = 256
