-- Services of facts that were there before there was a feed; a later fact wins.
INSERT INTO service_facts (service, team, environments)
SELECT service, (toDateTime64(0, 3, 'UTC'), any(t)::String), arrayFilter(e -> e != '-', groupUniqArray(e))
FROM (
    SELECT DISTINCT service, team AS t, environment::String AS e FROM deployment_facts FINAL
    UNION ALL SELECT DISTINCT service, team, '-' FROM change_facts FINAL
    UNION ALL SELECT DISTINCT service, team, environment::String FROM incident_facts FINAL
)
GROUP BY service
