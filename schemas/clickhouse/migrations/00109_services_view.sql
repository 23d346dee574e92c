CREATE OR REPLACE VIEW services {{on_cluster}} (
    service      LowCardinality(String) COMMENT 'a service that a deployment, a change or an incident was told of',
    team         LowCardinality(String) COMMENT 'its team, by the catalogue',
    environments Array(String) COMMENT 'where its deployments and incidents were; empty text for those that name none'
) AS SELECT service, max(f.team).2 AS team, arraySort(groupUniqArrayArray(f.environments)) AS environments
FROM service_facts AS f
GROUP BY service
