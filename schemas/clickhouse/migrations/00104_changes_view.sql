CREATE OR REPLACE VIEW changes {{on_cluster}} (
    service             LowCardinality(String) COMMENT 'the service changed',
    team                LowCardinality(String) COMMENT 'its team, by the catalogue',
    sha                 String COMMENT 'the commit on the default branch (a squash or merge commit counts once)',
    pull_request        UInt32 COMMENT 'number of its pull request; 0 for a commit without one',
    title               String COMMENT 'title of the pull request, or the commit''s subject',
    author              LowCardinality(String) COMMENT 'author',
    first_commit_at     Nullable(DateTime64(3, 'UTC')) COMMENT 'author date of the change''s first commit',
    committed_at        Nullable(DateTime64(3, 'UTC')) COMMENT 'author date of the commit itself',
    opened_at           Nullable(DateTime64(3, 'UTC')) COMMENT 'pull request opened',
    first_review_at     Nullable(DateTime64(3, 'UTC')) COMMENT 'first review by someone else than the author',
    merged_at           Nullable(DateTime64(3, 'UTC')) COMMENT 'when it reached the default branch',
    deployed_at         Nullable(DateTime64(3, 'UTC')) COMMENT 'first production deployment that contains it',
    deployment_id       String COMMENT 'that deployment',
    last_deployed_at    Nullable(DateTime64(3, 'UTC')) COMMENT 'last production environment it reached',
    lead_time_seconds   Nullable(Float64) COMMENT 'deployed_at - first_commit_at, seconds; null where excluded says why',
    coding_seconds      Nullable(Float64) COMMENT 'first commit to pull request opened, seconds',
    pickup_seconds      Nullable(Float64) COMMENT 'pull request opened to first review, seconds',
    review_seconds      Nullable(Float64) COMMENT 'first review to merged, seconds',
    deploy_seconds      Nullable(Float64) COMMENT 'merged to in production, seconds',
    excluded            LowCardinality(String) COMMENT 'why it has no lead time: baseline, not_deployed, negative, no_commit_time; empty otherwise',
    known_at            DateTime64(3, 'UTC') COMMENT 'when we first learnt of it'
) AS SELECT service, team, sha, pull_request, title, author, first_commit_at, committed_at, opened_at, first_review_at, merged_at,
    deployed_at, deployment_id, last_deployed_at, lead_time AS lead_time_seconds, coding AS coding_seconds, pickup AS pickup_seconds,
    review AS review_seconds, deploy AS deploy_seconds, excluded, known_at
FROM change_facts FINAL
-- A condition on the service is decided before the other columns are read.
SETTINGS optimize_move_to_prewhere_if_final = 1
