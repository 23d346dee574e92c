SELECT objective, service, rule, long_burn / factor AS value
FROM alerts
WHERE severity = 'page' AND resolved_at IS NULL
