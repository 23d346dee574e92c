CREATE OR REPLACE VIEW services {{on_cluster}} (
    service              LowCardinality(String) COMMENT 'a service that an event was told of',
    team                 LowCardinality(String) COMMENT 'its team, by the catalogue',
    environments         Array(String) COMMENT 'where its deployments and incidents were; empty text for those that name none',
    known_since          Nullable(DateTime64(3, 'UTC')) COMMENT 'its first event, of an imported history too; before it there is no data, which is not zero',
    deployed_since       Nullable(DateTime64(3, 'UTC')) COMMENT 'its first successful production deployment; without one there is no frequency, not one of 0',
    changes_since        Nullable(DateTime64(3, 'UTC')) COMMENT 'its first change; null where none is known, or no commit of its deployments: then open changes are unknown',
    failure_signal_since Nullable(DateTime64(3, 'UTC')) COMMENT 'first incident, rollback, revert or hotfix: null where nobody could have told that a deployment failed'
) AS SELECT f.service AS service, f.team AS team, f.environments AS environments, k.known_since AS known_since,
    k.deployed_since AS deployed_since, k.changes_since AS changes_since, k.failure_signal_since AS failure_signal_since
FROM (
    SELECT service, max(s.named).2 AS team, arraySort(groupUniqArrayArray(s.places)) AS environments
    FROM (
        SELECT service, service_facts.team AS named, service_facts.environments AS places FROM service_facts
        UNION ALL SELECT service, (toDateTime64(0, 3, 'UTC'), known_facts.team::String), emptyArrayString() FROM known_facts FINAL
    ) AS s
    GROUP BY service
) AS f
LEFT JOIN (SELECT service, known_since, deployed_since, changes_since, failure_signal_since FROM known_facts FINAL) AS k ON k.service = f.service
