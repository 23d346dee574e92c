CREATE OR REPLACE VIEW dora_daily {{on_cluster}} (
    service             LowCardinality(String) COMMENT 'the service',
    team                LowCardinality(String) COMMENT 'its team, by the catalogue',
    day                 Date COMMENT 'UTC day; a deployment with its failure, recovery and lead times is booked on the day it finished, an incident on the day it opened',
    deployments         UInt32 COMMENT 'successful production deployments',
    failed              UInt32 COMMENT 'of these, failed ones',
    rework              UInt32 COMMENT 'of these, unplanned ones: rollback, revert, hotfix, fix of an incident',
    rollbacks           UInt32 COMMENT 'of these, rollbacks',
    unrecovered         UInt32 COMMENT 'failed ones not recovered yet',
    unresolved          UInt32 COMMENT 'deployments whose commit could not be placed',
    changes             UInt32 COMMENT 'changes first deployed on the day',
    excluded            UInt32 COMMENT 'of these, without a lead time',
    incidents           UInt32 COMMENT 'incidents opened on the day',
    unattributed        UInt32 COMMENT 'of these, attributed to no deployment',
    open_incidents      UInt32 COMMENT 'of these, still open',
    batches             UInt32 COMMENT 'of the deployments, those whose contents are known: neither baselines nor unresolved',
    batch_changes       UInt32 COMMENT 'changes first deployed by these',
    lead_time_seconds   Array(Float64) COMMENT 'lead time of every change first deployed on the day, seconds',
    coding_seconds      Array(Float64) COMMENT 'first commit to pull request opened, seconds',
    pickup_seconds      Array(Float64) COMMENT 'pull request opened to first review, seconds',
    review_seconds      Array(Float64) COMMENT 'first review to merged, seconds',
    deploy_seconds      Array(Float64) COMMENT 'merged to in production, seconds',
    recovery_seconds    Array(Float64) COMMENT 'recovery time of every deployment of the day that failed and recovered, seconds',
    restore_seconds     Array(Float64) COMMENT 'time to restore of every incident opened on the day and resolved, seconds',
    acknowledge_seconds Array(Float64) COMMENT 'time to acknowledge of every incident opened on the day, seconds'
) AS SELECT service, team, day, deployments, failed, rework, rollbacks, unrecovered, unresolved, changes, excluded, incidents,
    unattributed, open_incidents, batches, batch_changes, lead_times AS lead_time_seconds, coding AS coding_seconds, pickup AS pickup_seconds,
    review AS review_seconds, deploy AS deploy_seconds, recoveries AS recovery_seconds, restores AS restore_seconds,
    acknowledges AS acknowledge_seconds
FROM daily_facts FINAL
-- A condition on the service is decided before the other columns are read.
SETTINGS optimize_move_to_prewhere_if_final = 1
