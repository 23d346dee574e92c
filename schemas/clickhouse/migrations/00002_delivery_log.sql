-- Every raw delivery as it arrived, for audit and for decoding again. A
-- redelivered queue message carries the same received_at and so is one row.
CREATE TABLE IF NOT EXISTS delivery_log {{on_cluster}} (
    source      LowCardinality(String),
    received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    delivery_id String CODEC(ZSTD(1)),
    kind        LowCardinality(String),
    headers     Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    body        String CODEC(ZSTD(3))
) ENGINE = {{engine "ReplacingMergeTree"}}
PARTITION BY toYYYYMM(received_at)
ORDER BY (source, received_at, delivery_id)
TTL toDateTime(received_at) + INTERVAL 180 DAY
{{settings}}
