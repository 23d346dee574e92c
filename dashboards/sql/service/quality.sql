WITH
    {{template "days.sql"}},
    deployed AS (
        SELECT countIf(production AND status = 'succeeded') AS live, countIf(production AND status = 'succeeded' AND unresolved) AS unknown,
            countIf(production AND failed) AS broke, countIf(production AND failed AND recovered_at IS NULL) AS unrecovered,
            count() AS all_of_them, countIf(NOT production) AS elsewhere
        FROM deployments
        WHERE finished_at >= range_start AND finished_at < range_end AND {{template "scope.sql"}}
    ),
    shipped AS (
        SELECT count() AS all_of_them, countIf(excluded = 'baseline') AS baseline, countIf(excluded = 'negative') AS negative, countIf(excluded = 'no_commit_time') AS timeless
        FROM changes
        WHERE deployed_at >= range_start AND deployed_at < range_end AND {{template "scope.sql"}}
    ),
    suffered AS (
        SELECT count() AS all_of_them, countIf(method = 'unattributed') AS unattributed
        FROM incidents
        WHERE production AND opened_at >= range_start AND opened_at < range_end AND {{template "scope.sql"}}
    )
SELECT line.1 AS what, line.2 AS number, line.3 AS out_of, line.4 AS meaning
FROM (
    SELECT arrayJoin([
        ('Deployments of an unknown commit', deployed.unknown, deployed.live, 'Counted as deployments. What they contain is unknown and never guessed.'),
        ('Deployments not in production', deployed.elsewhere, deployed.all_of_them, 'In no figure: only production counts.'),
        ('Failed deployments not recovered', deployed.unrecovered, deployed.broke, 'In the fail rate, and in no recovery time until they recover.'),
        ('Changes of the first deployment seen', shipped.baseline, shipped.all_of_them, 'No lead time: the first deployment holds years of changes.'),
        ('Changes deployed before their first commit', shipped.negative, shipped.all_of_them, 'No lead time: two clocks disagree.'),
        ('Changes without a commit time', shipped.timeless, shipped.all_of_them, 'No lead time: no source told when they were committed.'),
        ('Incidents attributed to no deployment', suffered.unattributed, suffered.all_of_them, 'In time to restore, and in no fail rate.')
    ]) AS line
    FROM deployed CROSS JOIN shipped CROSS JOIN suffered
)
WHERE out_of > 0
