CREATE MATERIALIZED VIEW IF NOT EXISTS service_facts_from_changes {{on_cluster}} TO service_facts AS
SELECT service, (now64(3, 'UTC'), any(change_facts.team)::String) AS team, emptyArrayString() AS environments
FROM change_facts WHERE NOT deleted
GROUP BY service
