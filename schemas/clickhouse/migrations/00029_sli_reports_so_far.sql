INSERT INTO sli_report_facts (slo, minute, source, id, good, total, precedence)
SELECT JSONExtractString(data, 'slo') AS slo, toStartOfMinute(toDateTime(time, 'UTC')) AS minute, source, id,
    toUInt64(greatest(JSONExtractInt(data, 'good'), 0)) AS good, toUInt64(greatest(JSONExtractInt(data, 'total'), 0)) AS total, precedence
FROM event_log FINAL WHERE type = 'fivekeys.sli.v1' AND JSONExtractString(data, 'slo') != ''
