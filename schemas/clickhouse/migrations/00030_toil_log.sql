-- The toil events of event_log, so that nothing has to look for them among all
-- the others. Fed by toil_log_feed. What they say is read out of the JSON once, as
-- they are stored, and not again for everybody who looks: the columns behind
-- precedence follow from data and time. Keys are read without case, as they were
-- when the event was accepted.
CREATE TABLE IF NOT EXISTS toil_log {{on_cluster}} (
    source     LowCardinality(String),
    id         String CODEC(ZSTD(1)),
    time       DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    known_at   DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    data       String CODEC(ZSTD(3)),
    precedence UInt64 CODEC(ZSTD(1)),

    fields      Map(String, String) MATERIALIZED CAST(arrayMap(kv -> (lower(kv.1), kv.2), JSONExtractKeysAndValuesRaw(data)), 'Map(String, String)') CODEC(ZSTD(3)),
    team        LowCardinality(String) MATERIALIZED JSONExtractString(fields['team']),
    category    LowCardinality(String) MATERIALIZED JSONExtractString(fields['category']),
    service     LowCardinality(String) MATERIALIZED JSONExtractString(fields['service']),
    trigger     LowCardinality(String) MATERIALIZED JSONExtractString(fields['trigger']),
    inferred    LowCardinality(String) MATERIALIZED JSONExtractString(fields['inferred']),
    title       String MATERIALIZED JSONExtractString(fields['title']) CODEC(ZSTD(1)),
    url         String MATERIALIZED JSONExtractString(fields['url']) CODEC(ZSTD(1)),
    automatable Bool MATERIALIZED fields['automatable'] = 'true',
    automated   Bool MATERIALIZED fields['automated'] = 'true',
    withdrawn   Bool MATERIALIZED fields['withdrawn'] = 'true',
    entry       String MATERIALIZED if(JSONExtractString(fields['entry_id']) = '', id, JSONExtractString(fields['entry_id'])) CODEC(ZSTD(1)),
    started_at  Nullable(DateTime64(3, 'UTC')) MATERIALIZED parseDateTime64BestEffortOrNull(JSONExtractString(fields['started_at']), 3, 'UTC') CODEC(ZSTD(1)),
    ended_at    Nullable(DateTime64(3, 'UTC')) MATERIALIZED parseDateTime64BestEffortOrNull(JSONExtractString(fields['ended_at']), 3, 'UTC') CODEC(ZSTD(1)),
    minutes     Float64 MATERIALIZED if(toFloat64OrZero(fields['minutes']) > 0, toFloat64OrZero(fields['minutes']), ifNull(dateDiff('millisecond', started_at, ended_at), 0) / 60000) CODEC(ZSTD(1))
) ENGINE = {{engine "ReplacingMergeTree" "precedence"}}
ORDER BY (source, id)
{{settings}}
