CREATE OR REPLACE VIEW corrections {{on_cluster}} (
    correction_id String COMMENT 'identity; its last event by time is in force',
    slo           LowCardinality(String) COMMENT 'the SLO or objective it is about',
    from_time     DateTime('UTC') COMMENT 'begin of the (first) excluded period',
    to_time       DateTime('UTC') COMMENT 'its end',
    rrule         String COMMENT 'how it comes again, by RFC 5545; empty if once',
    author        LowCardinality(String) COMMENT 'who made it',
    reason        String COMMENT 'why',
    made_at       DateTime64(3, 'UTC') COMMENT 'when it was made or last changed'
) AS SELECT correction_id, JSONExtractString(data, 'slo') AS slo,
    parseDateTimeBestEffortOrZero(JSONExtractString(data, 'from'), 'UTC') AS from_time,
    parseDateTimeBestEffortOrZero(JSONExtractString(data, 'to'), 'UTC') AS to_time,
    JSONExtractString(data, 'rrule') AS rrule, JSONExtractString(data, 'author') AS author,
    JSONExtractString(data, 'reason') AS reason, time AS made_at
FROM slo_correction_facts FINAL WHERE NOT JSONExtractBool(data, 'withdrawn')
