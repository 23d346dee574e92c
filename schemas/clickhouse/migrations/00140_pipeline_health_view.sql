CREATE OR REPLACE VIEW pipeline_health {{on_cluster}} (
    at      DateTime('UTC') COMMENT 'when it was sampled, every 30 seconds; kept for 30 days',
    process LowCardinality(String) COMMENT 'host name and process id',
    metric  LowCardinality(String) COMMENT 'the metric''s name as in /metrics, e.g. fivekeys_backlog_messages; counters start again with the process',
    label   LowCardinality(String) COMMENT 'its labels as name=value, separated by commas',
    value   Float64 COMMENT 'its value; of a histogram the count (label le=count) and the sum (le=sum)'
) AS SELECT at, process, metric, label, value FROM vital_log FINAL
