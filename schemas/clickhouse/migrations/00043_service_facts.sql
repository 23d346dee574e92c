-- Every service that facts tell of, with the team of those written last: to
-- choose from, without reading all facts for it. Fed by service_facts_from_….
CREATE TABLE IF NOT EXISTS service_facts {{on_cluster}} (
    service    LowCardinality(String),
    team       LowCardinality(String),
    written_at DateTime64(3, 'UTC')
) ENGINE = {{engine "ReplacingMergeTree" "written_at"}}
ORDER BY service
{{settings}}
