SELECT objective, service, rule, long_burn / factor AS value
FROM alerts
WHERE severity = 'ticket' AND resolved_at IS NULL
