-- Counts that senders report are taken from the events as these are stored: an
-- insert of events is answered when both tables have their rows.
CREATE MATERIALIZED VIEW IF NOT EXISTS sli_reports_from_events {{on_cluster}} TO sli_report_facts AS
SELECT JSONExtractString(data, 'slo') AS slo, toStartOfMinute(toDateTime(time, 'UTC')) AS minute, source, id,
    toUInt64(greatest(JSONExtractInt(data, 'good'), 0)) AS good, toUInt64(greatest(JSONExtractInt(data, 'total'), 0)) AS total, precedence
FROM event_log WHERE type = 'fivekeys.sli.v1' AND JSONExtractString(data, 'slo') != ''
