-- Services of facts that were there before there was a feed; a later fact wins.
INSERT INTO service_facts (service, team, written_at)
SELECT service, any(team), toDateTime64(0, 3, 'UTC')
FROM (
    SELECT DISTINCT service, team FROM deployment_facts FINAL
    UNION ALL SELECT DISTINCT service, team FROM change_facts FINAL
    UNION ALL SELECT DISTINCT service, team FROM incident_facts FINAL
)
GROUP BY service
