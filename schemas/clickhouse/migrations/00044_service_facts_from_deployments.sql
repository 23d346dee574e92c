CREATE MATERIALIZED VIEW IF NOT EXISTS service_facts_from_deployments {{on_cluster}} TO service_facts AS
SELECT service, any(team) AS team, now64(3, 'UTC') AS written_at
FROM deployment_facts WHERE NOT deleted
GROUP BY service
