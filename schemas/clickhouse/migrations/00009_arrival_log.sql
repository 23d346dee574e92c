-- When events became known, by the hour: event_log is ordered by service, and
-- looking through two years of it for a week takes a second. Fed by
-- arrival_log_feed. A repetition within the hour of its like is forgotten by the
-- table; of others the largest precedence wins, as in event_log.
CREATE TABLE IF NOT EXISTS arrival_log {{on_cluster}} (
    known_at   DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    identity   UInt64 CODEC(NONE),
    source     LowCardinality(String),
    type       LowCardinality(String),
    time       DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    precedence UInt64 CODEC(ZSTD(1))
) ENGINE = {{engine "ReplacingMergeTree" "precedence"}}
ORDER BY (toStartOfHour(known_at), identity)
{{settings}}
