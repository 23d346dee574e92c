-- Corrections are taken from the events as these are stored.
CREATE MATERIALIZED VIEW IF NOT EXISTS slo_corrections_from_events {{on_cluster}} TO slo_correction_facts AS
SELECT JSONExtractString(data, 'correction_id') AS correction_id, time, data,
    bitOr(bitShiftLeft(toUInt64(toUnixTimestamp64Milli(time)), 20), bitAnd(precedence, 1048575)) AS version
FROM event_log WHERE type = 'fivekeys.slo_correction.v1' AND JSONExtractString(data, 'correction_id') != ''
