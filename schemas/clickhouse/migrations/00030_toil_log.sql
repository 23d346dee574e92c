-- The toil events of event_log, so that nothing has to look for them among all
-- the others. Fed by toil_log_feed; the view toil reads what they say.
CREATE TABLE IF NOT EXISTS toil_log {{on_cluster}} (
    source     LowCardinality(String),
    id         String CODEC(ZSTD(1)),
    time       DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    known_at   DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    data       String CODEC(ZSTD(3)),
    precedence UInt64 CODEC(ZSTD(1))
) ENGINE = {{engine "ReplacingMergeTree" "precedence"}}
ORDER BY (source, id)
{{settings}}
