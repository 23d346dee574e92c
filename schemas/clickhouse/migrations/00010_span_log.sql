-- One row per span. A span that is inserted again after a crash is the same row:
-- its sorting key is its identity. Attributes are names and values apart, each
-- joined by NUL: spans of one operation share their names, which leaves one small
-- number for all of them, and the values compress better in one piece. The trace is
-- in hexadecimal digits so that a condition on it finds the index through the view;
-- compressed, that costs what the 16 bytes would. Retention is configured and set
-- as TTL at start.
CREATE TABLE IF NOT EXISTS span_log {{on_cluster}} (
    service        LowCardinality(String) CODEC(ZSTD(1)),
    name           LowCardinality(String) CODEC(ZSTD(1)),
    start          DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
    trace_id       FixedString(32) CODEC(ZSTD(1)),
    span_id        FixedString(8) CODEC(ZSTD(1)),
    parent_id      FixedString(8) CODEC(ZSTD(1)),
    kind           Enum8('unspecified' = 0, 'internal' = 1, 'server' = 2, 'client' = 3, 'producer' = 4, 'consumer' = 5) CODEC(ZSTD(1)),
    duration       UInt64 CODEC(T64, ZSTD(1)),
    status         Enum8('unset' = 0, 'ok' = 1, 'error' = 2) CODEC(ZSTD(1)),
    status_message LowCardinality(String) CODEC(ZSTD(1)),
    release        LowCardinality(String) CODEC(ZSTD(1)),
    environment    LowCardinality(String) CODEC(ZSTD(1)),
    peer           LowCardinality(String) CODEC(ZSTD(1)),
    attribute_keys   LowCardinality(String) CODEC(ZSTD(1)),
    attribute_values String CODEC(ZSTD(3)),
    resource_keys    LowCardinality(String) CODEC(ZSTD(1)),
    resource_values  LowCardinality(String) CODEC(ZSTD(1)),
    events           String CODEC(ZSTD(3)),
    INDEX trace trace_id TYPE bloom_filter(0.001) GRANULARITY 1
) ENGINE = {{engine "ReplacingMergeTree"}}
PARTITION BY toDate(start)
ORDER BY (service, name, start, trace_id, span_id)
TTL toDateTime(start) + toIntervalSecond(604800)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1
