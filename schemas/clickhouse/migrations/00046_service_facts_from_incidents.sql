CREATE MATERIALIZED VIEW IF NOT EXISTS service_facts_from_incidents {{on_cluster}} TO service_facts AS
SELECT service, any(team) AS team, now64(3, 'UTC') AS written_at
FROM incident_facts WHERE NOT deleted
GROUP BY service
