CREATE OR REPLACE VIEW services {{on_cluster}} (
    service LowCardinality(String) COMMENT 'a service that a deployment, a change or an incident was told of',
    team    LowCardinality(String) COMMENT 'its team, by the catalogue'
) AS SELECT service, team
FROM service_facts FINAL
