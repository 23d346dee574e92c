CREATE MATERIALIZED VIEW IF NOT EXISTS service_facts_from_incidents {{on_cluster}} TO service_facts AS
SELECT service, (now64(3, 'UTC'), any(incident_facts.team)::String) AS team, groupUniqArray(environment::String) AS environments
FROM incident_facts WHERE NOT deleted
GROUP BY service
