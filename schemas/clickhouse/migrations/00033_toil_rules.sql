-- Capacities and caps as the configuration had them, each from a Monday on, so
-- that a team that grows does not rewrite its past. The empty team is everybody
-- whom the configuration does not name; own = 0 means that it names the team no
-- longer.
CREATE TABLE IF NOT EXISTS toil_rules {{on_cluster}} (
    team             LowCardinality(String),
    valid_from       Date CODEC(Delta, ZSTD(1)),
    own              Bool,
    capacity_minutes Float64 CODEC(ZSTD(1)),
    cap              Float64 CODEC(ZSTD(1)),
    written_at       DateTime64(3, 'UTC')
) ENGINE = {{engine "ReplacingMergeTree" "written_at"}}
ORDER BY (team, valid_from)
{{settings}}
