-- Services of facts that were there before; what the fold says later wins.
INSERT INTO known_facts (service, team, known_since, deployed_since, changes_since, failure_signal_since)
WITH CAST(NULL AS Nullable(DateTime64(3, 'UTC'))) AS never
SELECT service, any(t), min(seen), min(deployed), min(changed), min(told)
FROM (
    SELECT service, team AS t, ifNull(started_at, finished_at) AS seen, if(production AND status = 'succeeded', finished_at, never) AS deployed,
        never AS changed, if(failed OR rework, finished_at, never) AS told
    FROM deployment_facts FINAL
    UNION ALL SELECT service, team, merged_at, never, merged_at, never FROM change_facts FINAL
    UNION ALL SELECT service, team, opened_at, never, never, if(production, opened_at, never) FROM incident_facts FINAL
)
GROUP BY service
