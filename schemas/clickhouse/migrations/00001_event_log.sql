-- Every domain event, once: the system of record that facts are folded from.
-- Among duplicates the largest precedence wins (schemas.Event.Precedence):
-- first known, then by content, so the table is a function of the set.
CREATE TABLE IF NOT EXISTS event_log {{on_cluster}} (
    service    LowCardinality(String),
    source     LowCardinality(String),
    id         String CODEC(ZSTD(1)),
    type       LowCardinality(String),
    time       DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    known_at   DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    data       String CODEC(ZSTD(3)),
    precedence UInt64 CODEC(ZSTD(1))
) ENGINE = {{engine "ReplacingMergeTree" "precedence"}}
ORDER BY (service, source, id)
{{settings}}
