-- Minutes spent, of a budget that had fewer; a status that is a day old says nothing.
SELECT objective, service, budget_minutes - coalesce(corrected_remaining_minutes, remaining_minutes) AS value
FROM slo_status
WHERE remaining_in_force <= 0 AND at > now() - INTERVAL 1 DAY
