CREATE MATERIALIZED VIEW IF NOT EXISTS service_facts_from_changes {{on_cluster}} TO service_facts AS
SELECT service, any(team) AS team, now64(3, 'UTC') AS written_at
FROM change_facts WHERE NOT deleted
GROUP BY service
