CREATE MATERIALIZED VIEW IF NOT EXISTS service_facts_from_deployments {{on_cluster}} TO service_facts AS
SELECT service, (now64(3, 'UTC'), any(deployment_facts.team)::String) AS team, groupUniqArray(environment::String) AS environments
FROM deployment_facts WHERE NOT deleted
GROUP BY service
